package identity_test

import (
	"os"
	"testing"

	"github.com/tocsin-soar/tocsin/internal/devstack/devstacktest"
)

func TestMain(m *testing.M) { os.Exit(devstacktest.Main(m)) }
