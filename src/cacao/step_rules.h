// The extension of steps in which a playbook says what CACAO 2.0 leaves open (fold/playbook/rules.h reads it).
#pragma once

#include <string_view>

namespace firebreak::cacao {

inline constexpr std::string_view kFirebreakExtension = "extension-definition--b7a1c2d4-5e6f-4a8b-9c0d-1e2f3a4b5c6d";

}  // namespace firebreak::cacao
