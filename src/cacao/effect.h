// What a command does, as far as it can be told from the playbook: nothing to others, something, or something that cannot
// be taken back. That a command only looks, its author says by `playbook_activity`; that it destroys cannot be talked away.
#pragma once

#include "cacao/model.h"

namespace firebreak::cacao {

enum class Effect { kNone, kActs, kDestroys };

// http-api by its method; openc2-http by its action; queries (sigma, yara, elastic, kestrel, jupyter) and manual commands
// do nothing by themselves; shells act, and destroy when a word of theirs says so (rm, drop, wipe, …).
Effect effect_of(const Command& command);
Effect effect_of(const Step& step);  // the strongest of its commands

// The step secures evidence: `capture`, or a step whose name or command speaks of it (evidence, snapshot,
// capture, preserve, forensic). One that destroys is none.
bool captures_evidence(const Step& step);

// A person says yes: a manual command that asks (approve, authorise, confirm, consent, sign-off), or `wait`,
// which ends when a second person has approved a measure.
bool asks_for_approval(const Step& step);

}  // namespace firebreak::cacao
