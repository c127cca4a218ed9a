// Holds an object against its table (schema.h). A part of this room; others use validate.h.
#pragma once

#include <string>

#include "cacao/diagnostic.h"
#include "cacao/schema.h"

namespace firebreak::cacao {

// Kinds of properties, required ones, unknown ones; variables, external references and extensions inside as well.
void check_shape(Findings& findings, const Json& object, const std::string& pointer, const Shape& shape);

// A key of a dictionary that must be `type`--UUID. True when it is one, of whatever version.
bool check_key(Findings& findings, std::string_view key, std::string_view type, const std::string& pointer);

}  // namespace firebreak::cacao
