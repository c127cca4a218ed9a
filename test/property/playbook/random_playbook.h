// Random well-formed playbooks: as trees for the reference, as CACAO documents for the engine.
#pragma once

#include <map>
#include <random>
#include <string>

#include "base/json.h"
#include "reference.h"

namespace firebreak::reference {

// A few that call each other, "playbook--p0" first; branches up to four deep, at most 40 steps each.
std::map<std::string, Playbook> random_playbooks(std::mt19937_64& random);

// Every step is named by its short id; "playbook--p0" is for incidents of rule evasion.
Json to_document(const Playbook& playbook);

const std::map<std::string, const Step*> steps_of(const std::map<std::string, Playbook>& playbooks);     // by short id
const std::map<std::string, std::string> ways_of(const std::map<std::string, Playbook>& playbooks);      // short id -> first step of its way

}  // namespace firebreak::reference
