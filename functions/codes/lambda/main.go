// The function codes as Lambda runs it.
package main

import (
	"identitypools/functions/codes"
	"identitypools/shared/start"
)

func main() { start.HTTP(codes.New) }
