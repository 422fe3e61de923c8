// The function users as Lambda runs it.
package main

import (
	"identitypools/functions/users"
	"identitypools/shared/start"
)

func main() { start.HTTP(users.New) }
