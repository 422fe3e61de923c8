// Package identity is the domain of the product: pools, schemas, users, codes, registrations,
// messages, and the rules that hold between them.
//
// The package is pure. It uses neither AWS nor HTTP, reads no clock, has no source of randomness,
// and imports no other package of this project; any other package may import it. Functions take the
// time and new ids as parameters (see [Maker]). The rules come from the published API with which
// the project is compatible, from NIST SP 800-63B-4 and from OWASP ASVS 5.0. A comment at each rule
// names its source.
//
// The errors of the whole product are types of this package: see [NotFound], [Invalid], [Conflict]
// and the others in errors.go.
package identity
