//go:build tools

// Names the program that run.sh builds, so that go.mod and go.sum lock it and all that it needs.
package tools

import _ "github.com/versity/versitygw/cmd/versitygw"
