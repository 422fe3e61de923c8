package reference

// The bounds that packages don't export. The test tries each of them.
const (
	NameLength        = 128  // characters of names of pools, schemas and workspaces
	DescriptionLength = 1024 // characters
	ColorLength       = 32   // characters
	PolicyCount       = 16   // characters of a class that a password policy can ask for
	URLLength         = 512  // characters of URLs in a branding
	SignInURLLength   = 2048 // bytes
	SenderLength      = 64   // characters of the name of a sender
	TitleLength       = 100  // characters of titles and labels of pages
	ParagraphLength   = 500  // characters of other texts of pages
	IdentifierLength  = 256  // bytes of user names
	EmailLength       = 254  // bytes of e-mail addresses
	DisplayOrder      = 10_000
	StaticMethods     = 10  // values of static_amr
	Audiences         = 20  // of an application
	AudienceLength    = 200 // characters
	LongestExpiry     = "87600h0m0s"
)
