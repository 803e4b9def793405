package codec

import (
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
)

// DataConverter gives the SDK's converter with this codec around it.
func (c *Codec) DataConverter() converter.DataConverter {
	return converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), c)
}

// FailureConverter encrypts the message and the stack of failures, which the SDK
// otherwise sends as they are. The SDK's own converter does not pass on whose
// failures they are; this one does.
func (c *Codec) FailureConverter() converter.FailureConverter {
	return failures{
		FailureConverter: temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
			DataConverter: c.DataConverter(), EncodeCommonAttributes: true,
		}),
		codec: c,
	}
}

type failures struct {
	converter.FailureConverter
	codec *Codec
}

// WithSerializationContext implements converter.FailureConverterWithSerializationContext.
func (f failures) WithSerializationContext(context converter.SerializationContext) converter.FailureConverter {
	bound, ok := f.codec.WithSerializationContext(context).(*Codec)
	if !ok {
		return f
	}
	return bound.FailureConverter()
}
