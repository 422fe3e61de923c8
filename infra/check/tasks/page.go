// Package tasks runs the commands in the pages of docs/tasks, and puts what they print into the pages.
// Only tests use it.
package tasks

import (
	"fmt"
	"regexp"
	"strings"
)

// part matches commands of a page, and the answer below them if there is one.
func part() *regexp.Regexp {
	return regexp.MustCompile("(?s)```sh\n(.*?)```\n(?:\n```json\n(.*?)```\n)?")
}

// WithAnswers runs the commands of a page in their order, and returns the page with what they print
// in place of its answers. Commands without an answer in the page must not be refused.
func WithAnswers(page string, run func(commands string) (string, error)) (string, error) {
	var made strings.Builder
	from := 0
	for _, at := range part().FindAllStringSubmatchIndex(page, -1) {
		answer, err := run(page[at[2]:at[3]])
		if err != nil {
			return "", err
		}
		switch {
		case at[4] >= 0:
		case strings.Contains(answer, "error_code"):
			return "", fmt.Errorf("%s is refused: %s", page[at[2]:at[3]], answer)
		default:
			continue
		}
		made.WriteString(page[from:at[4]])
		if answer != "" {
			made.WriteString(answer + "\n")
		}
		from = at[5]
	}
	return made.String() + page[from:], nil
}
