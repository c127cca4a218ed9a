// What Firebreak's own extension of a step says beyond CACAO 2.0: `step_extensions` / {kFirebreakExtension: {…}}.
#pragma once

#include <string_view>

namespace firebreak::cacao {

inline constexpr std::string_view kFirebreakExtension = "extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d";
// Names of variables ("__x__") that are put into the content of an HTTP command as they are (insert_raw).
inline constexpr std::string_view kRawVariables = "raw_variables";

}  // namespace firebreak::cacao
