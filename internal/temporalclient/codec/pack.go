package codec

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
)

// The byte before what is sealed.
const (
	asItIs     = 0
	compressed = 1
)

// compressFrom is the size from which compression is tried, mostUnpacked what a
// packed payload may grow to: Temporal takes 2 MiB, and a key holder who is not us
// must not fill our memory.
const (
	compressFrom = 512
	mostUnpacked = 32 << 20
)

func pack(plain []byte) []byte {
	if len(plain) >= compressFrom {
		var out bytes.Buffer
		out.WriteByte(compressed)
		// Writing to memory does not fail.
		writer := zlib.NewWriter(&out)
		_, _ = writer.Write(plain)
		_ = writer.Close()
		if out.Len() <= len(plain) {
			return out.Bytes()
		}
	}
	return append([]byte{asItIs}, plain...)
}

func unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, errors.New("what was encrypted is empty")
	}
	switch packed[0] {
	case asItIs:
		return packed[1:], nil
	case compressed:
		reader, err := zlib.NewReader(bytes.NewReader(packed[1:]))
		if err != nil {
			return nil, fmt.Errorf("it cannot be decompressed: %w", err)
		}
		plain, err := io.ReadAll(io.LimitReader(reader, mostUnpacked+1))
		if err != nil {
			return nil, fmt.Errorf("it cannot be decompressed: %w", err)
		}
		if len(plain) > mostUnpacked {
			return nil, errors.New("it is larger than 32 MiB when decompressed")
		}
		return plain, nil
	default:
		return nil, fmt.Errorf("it is packed in the form %d, which this version does not know", packed[0])
	}
}
