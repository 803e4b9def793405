// Package containments answers the API's operation on the register of what is held
// back.
package containments
