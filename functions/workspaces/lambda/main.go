// The function workspaces as Lambda runs it.
package main

import (
	"identitypools/functions/workspaces"
	"identitypools/shared/start"
)

func main() { start.HTTP(workspaces.New) }
