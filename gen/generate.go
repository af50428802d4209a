// Package gen holds the code generated from the specifications in openapi: types, the Gin strict server and the client
// of every API. It is a leaf: it imports nothing of this module but its own parts, and nobody edits it by hand.
// After a change of a specification run `make generate`.
package gen

//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config crs/model.yaml ../openapi/crs/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config crs/api.yaml ../openapi/crs/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config crs/client.yaml ../openapi/crs/openapi.yaml

//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config lead/model.yaml ../openapi/lead/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config lead/api.yaml ../openapi/lead/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config lead/client.yaml ../openapi/lead/openapi.yaml

//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config qr/model.yaml ../openapi/qr/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config qr/api.yaml ../openapi/qr/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config qr/client.yaml ../openapi/qr/openapi.yaml

//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config operator/model.yaml ../openapi/operator/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config operator/api.yaml ../openapi/operator/openapi.yaml
//go:generate go tool -modfile=../.tools/go.mod oapi-codegen -config operator/client.yaml ../openapi/operator/openapi.yaml
