package main

import (
	"cmp"
	"fmt"
	"strings"
)

// Template has the parts of a CloudFormation template that say with which table the stack works.
type Template struct {
	Resources map[string]struct {
		Type       string
		Properties struct {
			// EventSourceArn is a text for a table from outside of the stack, and otherwise an
			// object that refers to a resource of the stack.
			EventSourceArn any
		}
	}
}

// work is the table with which a stack works. One of its fields is set.
type work struct {
	own    string // the logical id of the stack's own table
	stream string // the ARN of the stream of a restored table
}

// table returns the table of a template. The second result is false if the template has none.
func (t Template) table() (work, bool) {
	var w work
	for id, r := range t.Resources {
		switch source, _ := r.Properties.EventSourceArn.(string); {
		case r.Type == "AWS::DynamoDB::Table":
			w.own = cmp.Or(w.own, id)
		case r.Type == "AWS::Lambda::EventSourceMapping" && strings.Contains(source, ":dynamodb:"):
			w.stream = source
		}
	}
	if w.own != "" {
		w.stream = ""
	}
	return w, w != work{}
}

// name returns the name of a restored table, or "" for the stack's own.
func (w work) name() string {
	arn, _, _ := strings.Cut(w.stream, "/stream/")
	return arn[strings.LastIndex(arn, "/")+1:]
}

// arn returns what identifies the table: its ARN or its logical id. A table has another stream when
// its stream was off for a while, and is still the same.
func (w work) arn() string {
	arn, _, _ := strings.Cut(w.stream, "/stream/")
	return cmp.Or(arn, w.own)
}

// compare returns an error if a deploy of the template next would make the stack work with another
// table than the template that is deployed. From the stack's own table to a restored one is no
// such deploy, because it names the restored table.
func compare(stack string, deployed, next Template) error {
	const anyway = "If that is what you want, repeat the deploy with OTHER_TABLE=1."
	was, known := deployed.table()
	will, _ := next.table()
	switch {
	case !known:
		return fmt.Errorf("the stack %s exists, and its template names no table of this product, "+
			"so this may be the stack of something else. %s", stack, anyway)
	case was.arn() == will.arn(), was.own != "" && will.stream != "":
		return nil
	case was.own != "":
		return fmt.Errorf("the stack %s has its own table as %s, and this deploy would create a new, empty one as %s: "+
			"deploy a version in which the table is %[2]s. %[4]s", stack, was.own, will.own, anyway)
	case will.stream != "":
		return fmt.Errorf("the stack %s works with the restored table %s, and this deploy would give it the table %s. "+
			"To stay with the first, give -c restoredStream=%s, or write it into cdk.json. %s",
			stack, was.name(), will.name(), was.stream, anyway)
	}
	return fmt.Errorf("the stack %s works with the restored table %s, and this deploy would give it a new, empty one. "+
		"Give -c restoredStream=%s, or write it into cdk.json. %s", stack, was.name(), was.stream, anyway)
}
