// Commands of type firebreak in words that a person can read aloud: "wakes oncall: Evasion: inc-7 on fraud-api …". Values of variables
// stay as the document writes them (__name__:value). A command with a word that is not known here is said as it stands.
#pragma once

#include <string>
#include <string_view>

namespace firebreak::cacao {

// A part of a sentence behind "Firebreak". Any text is taken; nothing is checked (fold/playbook/verbs.h does).
std::string spoken(std::string_view command);

}  // namespace firebreak::cacao
