// Package identity is the domain: pools, schemas, users, codes, registrations and the rules that hold between them.
//
// It is pure: it knows no AWS, no HTTP, no clock and no source of randomness of its own, and imports no other package of
// this project. Everything in the project may import it. Times and ids are parameters. Rules come from the published API
// that the project is compatible with, from NIST SP 800-63B-4 and from OWASP ASVS 5.0; a comment names the source.
package identity
