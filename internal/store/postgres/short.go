package postgres

const maxShort = 2000 // bytes of an error text that are kept

// Short cleans a text and cuts it at a rune.
func Short(text string) string {
	text = Clean(text)
	if len(text) <= maxShort {
		return text
	}
	return Clean(text[:maxShort])
}
