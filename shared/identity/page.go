package identity

// The last parts of the paths of the pages to which mails lead, below the path of a pool's pages:
// /{tenant}/pools/{pool}/.
const (
	PageActivate     = "activate"      // has the code in its query
	PageActivateCode = "activate/code" // takes the address and the short code of an invitation
)
