// Parts of the remedy fold that its files share. Not for other rooms.
#pragma once

#include <span>

#include "fold/remedy/remedy.h"

namespace firebreak::remedy {

using Drafts = std::vector<Draft>;

std::string who(const Entry& entry);
std::optional<std::uint64_t> whole(const Json& value);  // a number from 0 on
std::string list_words(std::span<const std::string_view> words);

// commands.cc
Drafts decide_command(const RemedyState& state, const Entry& entry);

// facts.cc: incidents and their findings
bool apply_facts(RemedyState& state, const Entry& entry);
void drop_surplus(RemedyState& state);

}  // namespace firebreak::remedy
