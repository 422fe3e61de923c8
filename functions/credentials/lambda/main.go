// The function credentials as Lambda runs it.
package main

import (
	"identitypools/functions/credentials"
	"identitypools/shared/start"
)

func main() { start.HTTP(credentials.New) }
