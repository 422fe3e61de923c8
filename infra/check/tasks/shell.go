package tasks

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// Shell is a shell that runs one part of a document after another, so that variables are kept.
type Shell struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

// end is the line that a shell prints after each part.
const end = "--- end of this part ---"

// Start starts a command that is a shell.
func Start(cmd *exec.Cmd) (*Shell, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open input of shell: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("open output of shell: %w", err)
	}
	cmd.Stderr = cmd.Stdout // so that what goes wrong is part of the answer
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start shell: %w", err)
	}
	return &Shell{in, bufio.NewReader(out), cmd}, nil
}

// Run runs commands and returns what they print.
func (s *Shell) Run(commands string) (string, error) {
	if _, err := fmt.Fprintf(s.in, "%s\necho; echo '%s'\n", commands, end); err != nil {
		return "", fmt.Errorf("write to shell: %w", err)
	}
	var printed strings.Builder
	for {
		line, err := s.out.ReadString('\n')
		if err != nil {
			return printed.String(), fmt.Errorf("read from shell: %w", err)
		}
		if line == end+"\n" {
			return strings.TrimSpace(printed.String()), nil
		}
		printed.WriteString(line)
	}
}

// Close ends the shell.
func (s *Shell) Close() error {
	if err := s.in.Close(); err != nil {
		return fmt.Errorf("close input of shell: %w", err)
	}
	return s.cmd.Wait()
}
