// What may be done to the running story besides playing it: the live attacker goes at targets of its own; somebody
// breaks the canary. Both go through the public interfaces and say in figures what happened.
#pragma once

#include <functional>

#include "fraud/player/attacker.h"
#include "fraud/player/setup.h"

namespace firebreak::example {

// The attacks of a story: 0 before and 1 after containment are the script's own, the others a visitor's.
inline constexpr std::size_t kTargets = 10;

// The `number`-th attack: ten targets and ten keys that no other attack uses. `pause` moves the story's clock by a
// minute, every few queries; empty: the attacker does not wait. kNotFound: targets or keys are used up.
Result<AttackResult> attack_live(const Places& places, const Keys& keys, std::size_t number,
                                 const std::function<Result<void>()>& pause);

// Tells the incident what the live attacker reached: the half "uncontained" or "contained" of its measurement.
Result<void> report_attack(Api& analyst, const std::string& incident, bool contained, const AttackResult& result);

// A visitor's attack, as things stand. kConflict: there is no incident yet.
Result<void> attack_again(const Places& places);

// Makes 1.2.0 fail while it takes canary traffic, waits until Firebreak has taken it back, and mends it. kConflict: no
// canary is under way.
Result<void> sabotage(const Places& places);

}  // namespace firebreak::example
