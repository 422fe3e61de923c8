package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// host is the name under which SAM's containers reach this machine. `make sam` gives it to them.
const host = "host.docker.internal"

// needs returns the endpoints that functions must get from us. The keys are the variables that show
// that a function uses the service. SAM passes no variable that the template does not declare, and
// a function without its endpoint would call AWS.
func needs() map[string]string {
	return map[string]string{
		"TABLE_NAME":     "AWS_ENDPOINT_URL_DYNAMODB",
		"MAIL_FROM":      "AWS_ENDPOINT_URL_SESV2",
		"MAIL_QUEUE_URL": "AWS_ENDPOINT_URL_SQS",
	}
}

// File returns the file for `sam local start-api --env-vars`. For each function of a CloudFormation
// template, by its logical id, it contains those of the given variables that the template declares.
// In endpoints, a loopback address is replaced by the name under which a container reaches this
// machine. File returns an error for a template that cannot be read or has no function with a
// TABLE_NAME, for a function that would call AWS, and for an endpoint that is not a URL.
func File(template []byte, variables map[string]string) ([]byte, error) {
	declared, err := functionsOf(template)
	if err != nil {
		return nil, err
	}
	if err := check(declared); err != nil {
		return nil, err
	}
	inside, err := seenFromInside(variables)
	if err != nil {
		return nil, err
	}
	file := make(map[string]map[string]string, len(declared))
	for id, names := range declared {
		file[id] = map[string]string{}
		for name := range names {
			if value, ok := inside[name]; ok {
				file[id][name] = value
			}
		}
	}
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the file: %w", err)
	}
	return append(text, '\n'), nil
}

// declaration has the variables that the template declares for a function. Their values may be
// references.
type declaration map[string]json.RawMessage

// functionsOf returns the functions of a template that have variables, by logical id.
func functionsOf(template []byte) (map[string]declaration, error) {
	var t struct {
		Resources map[string]struct {
			Type       string
			Properties json.RawMessage // other resources may have an Environment of any shape
		}
	}
	if err := json.Unmarshal(template, &t); err != nil {
		return nil, fmt.Errorf("read the template: %w", err)
	}
	declared := map[string]declaration{}
	for id, resource := range t.Resources {
		if resource.Type != "AWS::Lambda::Function" {
			continue
		}
		var properties struct {
			Environment struct{ Variables declaration }
		}
		if err := json.Unmarshal(resource.Properties, &properties); err != nil {
			return nil, fmt.Errorf("read function %s of the template: %w", id, err)
		}
		if len(properties.Environment.Variables) > 0 {
			declared[id] = properties.Environment.Variables
		}
	}
	return declared, nil
}

// check returns an error if a function of the template would call AWS, or if the template has none
// of our functions.
func check(declared map[string]declaration) error {
	ours := false
	for _, id := range slices.Sorted(maps.Keys(declared)) {
		for uses, endpoint := range needs() {
			_, used := declared[id][uses]
			_, has := declared[id][endpoint]
			if used && !has {
				return fmt.Errorf("the template gives %s no %s, so it would talk to AWS: it must be declared, if only empty", id, endpoint)
			}
			ours = ours || used
		}
	}
	if !ours {
		return errors.New("the template has no function with a TABLE_NAME")
	}
	return nil
}

// seenFromInside returns the variables with endpoints that a container can reach.
func seenFromInside(variables map[string]string) (map[string]string, error) {
	inside := maps.Clone(variables)
	for _, endpoint := range needs() {
		u, err := url.Parse(variables[endpoint])
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%s is %q, which is no URL: does make run run as it is here now?",
				endpoint, variables[endpoint])
		}
		if address, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" ||
			err == nil && address.IsLoopback() {
			u.Host = strings.TrimSuffix(net.JoinHostPort(host, u.Port()), ":") // a URL may have no port
			inside[endpoint] = u.String()
		}
	}
	return inside, nil
}
