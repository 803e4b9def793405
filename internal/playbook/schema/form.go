package schema

import (
	"github.com/tocsin-soar/tocsin/internal/diag/strictschema"
	"github.com/tocsin-soar/tocsin/internal/playbook/grammar"
)

const (
	bracesPattern   = `\{\{`
	templatePattern = `\$\{\{`
)

// basics defines what many keys share.
func (g *generator) basics() {
	g.definitions["identifier"] = object{"type": "string", "pattern": grammar.IdentifierPattern, "maxLength": grammar.LongestName}
	g.definitions["name"] = object{"allOf": []object{ref("identifier")}, "not": object{"enum": grammar.ReservedNames()}}
	g.definitions["text"] = object{"type": "string", "minLength": 1, "not": object{"pattern": bracesPattern}}
	g.definitions["template"] = object{"type": "string"}
	g.definitions["expression"] = object{
		"type": []string{"string", "boolean", "number"}, "minLength": 1, "not": object{"type": "string", "pattern": bracesPattern},
	}
	g.definitions["duration"] = object{"type": "string", "minLength": 2, "pattern": grammar.DurationPattern}
	g.definitions["values"] = object{"type": "object", "propertyNames": object{"not": object{"pattern": bracesPattern}}}
	g.definitions["variables"] = object{"type": "object", "propertyNames": ref("name")}
	g.definitions["json_schema"] = schemaOfSchemas()
	g.definitions["steps"] = object{"type": "array", "items": ref("step")}
}

// schemaOfSchemas describes the part of JSON Schema that inputs and forms may use.
func schemaOfSchemas() object {
	properties := object{}
	for _, keyword := range strictschema.Keywords() {
		properties[keyword] = true
	}
	inner := ref("json_schema")
	properties["type"] = object{"anyOf": []object{
		{"enum": strictschema.TypeNames()}, {"type": "array", "items": object{"enum": strictschema.TypeNames()}},
	}}
	properties["properties"] = object{"type": "object", "additionalProperties": inner}
	properties["items"] = inner
	properties["required"] = object{"type": "array", "items": object{"type": "string"}, "uniqueItems": true}
	properties["enum"] = object{"type": "array", "minItems": 1}
	properties["additionalProperties"] = object{"anyOf": []object{{"type": "boolean"}, inner}}
	return object{"type": "object", "additionalProperties": false, "properties": properties}
}

// form is what the value of a key looks like.
func (g *generator) form(key grammar.Key) object {
	switch key.Form {
	case grammar.Identifier:
		return identifier(key.Name)
	case grammar.Text:
		return text(key.Name)
	case grammar.Template:
		return ref("template")
	case grammar.Expression:
		return ref("expression")
	case grammar.Duration:
		return ref("duration")
	case grammar.Boolean:
		return object{"type": "boolean"}
	case grammar.Integer:
		return object{"type": "integer", "minimum": key.Least, "maximum": key.Most}
	case grammar.Number:
		return object{"type": "number", "minimum": key.Least, "maximum": key.Most}
	case grammar.Choice:
		return object{"enum": key.Words}
	case grammar.Value:
		return valueOf(key.Words)
	case grammar.Action:
		return g.action()
	case grammar.Join:
		return object{"anyOf": []object{{"enum": []string{"all", "any"}}, {"type": "integer", "minimum": 1, "maximum": 20}}}
	case grammar.Schema:
		return object{"allOf": []object{ref("json_schema"), {"required": []string{"type"}, "properties": object{"type": object{"const": "object"}}}}}
	case grammar.Values:
		return g.values(key)
	default:
		return g.collection(key)
	}
}

// identifier is a name; expressions read those of steps and loop variables.
func identifier(key string) object {
	if key == "id" || key == "as" {
		return ref("name")
	}
	return ref("identifier")
}

// text is plain text; a version has a form of its own.
func text(key string) object {
	if key == "version" {
		return object{"type": "string", "pattern": grammar.VersionPattern}
	}
	return ref("text")
}

// values is a mapping of names to values; set names variables, which are identifiers.
func (g *generator) values(key grammar.Key) object {
	name := "values"
	if key.Name == "set" {
		name = "variables"
	}
	out := ref(name)
	if key.Least > 0 {
		out["minProperties"] = key.Least
	}
	return out
}

// valueOf is one of a few words, or an expression that gives one.
func valueOf(words []string) object {
	if len(words) == 0 {
		return object{"type": "string"}
	}
	return object{"anyOf": []object{{"enum": words}, {"type": "string", "pattern": templatePattern}}}
}

// collection is a form that holds others.
func (g *generator) collection(key grammar.Key) object {
	list := func(items object) object {
		out := object{"type": "array", "items": items}
		if key.Least > 0 {
			out["minItems"] = key.Least
		}
		if key.Most > 0 {
			out["maxItems"] = key.Most
		}
		return out
	}
	switch key.Form {
	case grammar.Choices:
		return unique(list(object{"enum": key.Words}))
	case grammar.Names:
		return unique(list(ref("identifier")))
	case grammar.Texts:
		return unique(list(object{"type": "string", "pattern": grammar.CoversPattern}))
	case grammar.Steps:
		return list(ref("step"))
	case grammar.List:
		return list(g.shape(key.Shape))
	case grammar.Branches:
		return list(g.branch(key.Shape))
	case grammar.Named:
		return object{
			"type": "object", "minProperties": key.Least, "maxProperties": key.Most,
			"propertyNames": ref("identifier"), "additionalProperties": object{"type": "array", "items": ref("step"), "minItems": 1},
		}
	case grammar.Timeout:
		return object{"anyOf": []object{ref("duration"), g.shape(key.Shape)}}
	default:
		return g.shape(key.Shape)
	}
}

// branch asks for steps beside when, and for nothing beside else.
func (g *generator) branch(shape *grammar.Shape) object {
	out := g.shape(shape)
	out["dependentRequired"] = object{"when": []string{"steps"}, "steps": []string{"when"}}
	return out
}

func unique(list object) object {
	list["uniqueItems"] = true
	return list
}
