package identity

// IDRule describes the form of every id that a caller may choose or use in a path.
const IDRule = "must be 1 to 128 characters of A-Z, a-z, 0-9, '_', '.', '~' and '-'"

// ID is an id that a caller gives in a body or a query. Decoding refuses one that ValidID refuses, so
// that no id reaches a use case, and a key of the table, that is longer or has other characters. It
// is "" if it is absent.
type ID string

// UnmarshalText reads an id, or "".
func (id *ID) UnmarshalText(text []byte) error {
	if len(text) > 0 && !ValidID(string(text)) {
		return WrongFormat("id", IDRule)
	}
	*id = ID(text)
	return nil
}

// ValidID reports whether id has the form that IDRule describes. The texts "." and ".." are no ids,
// because they disappear when a path is cleaned.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 128 || id == "." || id == ".." {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		case c == '_', c == '.', c == '~', c == '-':
		default:
			return false
		}
	}
	return true
}
