package lab

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"
)

// Effect is one change of the lab that really happened. A call that found the
// state as it wanted it, or that carried a key already seen, makes none.
type Effect struct {
	Seq    int       `json:"seq"` // from 1
	At     time.Time `json:"at"`
	Action string    `json:"action"`        // edr.isolate_host
	Target string    `json:"target"`        // ws-042; for lists, the ids joined by a comma
	Key    string    `json:"key,omitempty"` // the idempotency key it came with
	Note   string    `json:"note,omitempty"`
	List   []string  `json:"list,omitempty"` // message ids, recipients
}

// journal keeps the effects on disk, one JSON object a line.
type journal struct{ file *os.File }

// openJournal reads what is there and makes ready to append. A last line without
// its end was cut off by a crash before it was answered: it is taken away. Any
// other line that cannot be read is an error.
func openJournal(path string) (*journal, []Effect, error) {
	if path == "" {
		return &journal{}, nil, nil
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the effects file: %w", err)
	}
	effects, whole, err := readEffects(file)
	if err == nil {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, nil, fmt.Errorf("effects file %s: %w", path, err)
	}
	return &journal{file: file}, effects, nil
}

// readEffects also gives the length of the part that ends in a whole line.
func readEffects(from io.Reader) ([]Effect, int64, error) {
	var effects []Effect
	var whole int64
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadBytes('\n')
		if err == io.EOF {
			return effects, whole, nil
		}
		if err != nil {
			return nil, 0, err
		}
		var effect Effect
		if err := json.Unmarshal(bytes.TrimSpace(line), &effect); err != nil {
			return nil, 0, fmt.Errorf("line %d is no effect: %w", len(effects)+1, err)
		}
		if effect.Seq != len(effects)+1 {
			return nil, 0, fmt.Errorf("line %d has number %d; the file was changed by hand", len(effects)+1, effect.Seq)
		}
		effects = append(effects, effect)
		whole += int64(len(line))
	}
}

// ReadEffects reads an effects file, for whoever judges by it.
func ReadEffects(path string) ([]Effect, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	effects, _, err := readEffects(file)
	return effects, err
}

// add is durable when it returns nil.
func (j *journal) add(effect Effect) error {
	if j.file == nil {
		return nil
	}
	line, err := json.Marshal(effect)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

func (j *journal) close() error {
	if j.file == nil {
		return nil
	}
	return j.file.Close()
}
