package identity

// IDRule is the shape of every id that a caller may choose or put into a path, in words.
const IDRule = "must be 1 to 128 characters of A-Z, a-z, 0-9, '_', '.', '~' and '-'"

// ValidID says whether id has the shape of IDRule. "." and ".." are not ids: they would vanish from a path.
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
