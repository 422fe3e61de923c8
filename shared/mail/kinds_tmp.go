package mail

// These constants are replaced by those of the texts.
const (
	PasswordResetCode Kind = "password_reset_code"
	PasswordResetLink Kind = "password_reset_link"
	AddressCode       Kind = "address_code"
	AddressLink       Kind = "address_link"
	ChallengeCode     Kind = "challenge_code"
	TOTPResetCode     Kind = "totp_reset_code"
	KeyEnrollCode     Kind = "key_enroll_code"
)
