#!/usr/bin/env python3
"""Changes one routing rule of the playbook engine after the other, in a copy, and asks for a test that notices.

    test/property/playbook/mutate_routing.py [--build DIR] [--jobs N] [--only TEXT]

Each mutation is a text of one source and what stands there instead. The copy is built with the fold's own tests and
the property; a mutation is killed when one of them fails (or no longer ends), else it has survived and the exit code
is 1. A mutation whose text is not there exactly once is an error: the list moves with the code.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
FOLD = "src/fold/playbook/"
TESTS = ["fold_playbook_test", "playbook_property_test"]

MUTATIONS = [
    # run.cc: where a step leads
    ("run.cc", "step.on_success.empty() ? step.on_completion : step.on_success", "step.on_completion", "a success does not take on_success"),
    ("run.cc", "step.on_success.empty() ? step.on_completion : step.on_success", "step.on_success", "a success does not take on_completion"),
    ("run.cc", 'if (outcome == "success") return step', 'if (outcome != "timeout") return step', "a failure takes the way of a success"),
    ("run.cc", 'if (outcome == "success") return step', 'if (outcome != "failure") return step', "a timeout takes the way of a success"),
    ("run.cc", 'if (outcome == "cancelled") return "";', "", "a cancelled step goes on"),
    ("run.cc", "if (!step.on_failure.empty()) return step.on_failure;", "", "on_failure is not taken"),
    ("run.cc", "if (!step.on_failure.empty()) return step.on_failure;", "if (!step.on_failure.empty() && at.plan->read.exception.empty()) return step.on_failure;", "the exception comes before on_failure"),
    ("run.cc", "at.activation->parent.empty() && !at.run->exceptional", "!at.run->exceptional", "a branch takes the exception"),
    ("run.cc", "&& !at.run->exceptional && exception", "&& exception", "the exception is taken again and again"),
    ("run.cc", '? exception : "";', '? step.on_completion : "";', "a failure follows on_completion"),
    ("run.cc", "good && !run.exceptional", "good", "a run with an exception is a success"),
    ("run.cc", 'good && !run.exceptional ? "success" : "failure"', 'good ? "failure" : "success"', "the outcome of a run is turned round"),
    ("run.cc", "start_step(state, run, *plan, next.front(), parent)", 'start_step(state, run, *plan, next.front(), "")', "what follows in a branch stands outside of it"),
    ("run.cc", "branching->activation->open_branches != 0) return {};", "branching->activation->open_branches > 1) return {};", "a join does not wait for the last branch"),
    ("run.cc", 'if (branching->activation->branch_failed) return end_step(*branching, "failure", "a branch failed");', "", "a failed branch is forgotten"),
    ("run.cc", 'branching->step->type == "while-condition" ? enter_loop(*branching) : end_step', "end_step", "a loop goes round once"),
    ("run.cc", "|| found->second.ended || found->second.last_ended != entry.index) return {};", "|| found->second.ended) return {};", "an end that did not count leads on"),
    ("run.cc", 'join(drafts, abandon_within(*at.state, *at.run, at.id(), "the step it stands in is over"));', "", "branches outlive their step"),
    ("run.cc", "join(drafts, end_child(*at.state, *at.activation));", "", "a called playbook outlives the step that called it"),
    ("run.cc", "join(drafts, end_child(state, activation));", "", "a called playbook outlives its caller's run"),
    ("run.cc", 'join(drafts, withdraw(*at.run, *at.activation, outcome == "timeout" ? "nobody answered in time" : "the step is over"));', "", "people go on being asked after a timeout"),
    ("run.cc", 'join(drafts, withdraw(run, activation, "the run is over"));', "", "people go on being asked after the end"),
    ("run.cc", "if (run.paused) return {};  // kept back", "// kept back", "a pause does not hold the next step"),
    ("run.cc", 'if (step->type == "parallel") body["branches"] = step->branches.size();', 'if (step->type == "parallel") body["branches"] = step->branches.size() - 1;', "a parallel step waits for one branch less"),
    ("run.cc", "if (later || state.at_once >= kAtOnce)", "if (later)", "a group has no end"),
    ("run.cc", 'good ? "success" : "failure", good ? "" : fmt::format("{} ended: {}", run.id, run.outcome)', '"success", good ? "" : fmt::format("{} ended: {}", run.id, run.outcome)', "a called playbook's failure is a success"),
    ("run.cc", "good ? std::move(values) : Values{}", "Values{}", "a called playbook gives nothing back"),
    ("run.cc", "from.empty() ? plan->read.start : from", "plan->read.start", "a run starts over instead of from the step"),
    ("run.cc", "if (!found->second.parent_run.empty() && !at(state, found->second.parent_run, found->second.parent_step))", "if (false)", "a called playbook starts for a caller that is over"),
    ("run.cc", "found->second.last_ended != entry.index) return {};  // it was over already", "false) return {};  // it was over already", "a second end of a run counts"),
    # begin.cc: what a step does
    ("begin.cc", '*yes ? "on_true" : "on_false"', '*yes ? "on_false" : "on_true"', "an if goes the other way"),
    ("begin.cc", 'return way.empty() ? end_step(at, "success", "the condition does not hold")', 'return way.empty() ? end_step(at, "failure", "the condition does not hold")', "an if without on_false fails"),
    ("begin.cc", 'if (way.empty()) way = branch(*at.step, "default");', "", "the default case is not taken"),
    ("begin.cc", 'if (value) way = branch(*at.step, fmt::format("case \'{}\'", value->text));', "", "only the default case is taken"),
    ("begin.cc", 'if (!value) return end_step(at, "failure", fmt::format("the variable {} has no value, and there is no default", name));', 'if (!value) return end_step(at, "success", "");', "a switch over no value is a success"),
    ("begin.cc", 'return end_step(at, "success", fmt::format("no case', 'return end_step(at, "failure", fmt::format("no case', "a switch without a case fails"),
    ("begin.cc", 'if (!*yes) return end_step(at, "success"', 'if (!*yes) return end_step(at, "failure"', "a loop that is over fails"),
    ("begin.cc", "at.activation->iterations >= most", "at.activation->iterations > most", "a loop goes round once too often"),
    ("begin.cc", 'if (!yes) return end_step(at, "failure", yes.error().message);\n  const std::string way', 'if (!yes) return end_step(at, "success", yes.error().message);\n  const std::string way', "an if that cannot be decided is a success"),
    ("begin.cc", 'if (!yes) return end_step(at, "failure", yes.error().message);\n  if (!*yes)', 'if (!yes) return end_step(at, "success", yes.error().message);\n  if (!*yes)', "a loop that cannot be decided is a success"),
    ("begin.cc", 'if (at.run->paused) return {make("playbook_command_held", at.run->id, at.body())};', "", "a pause does not hold a loop"),
    ("begin.cc", "at.rules().approvers > 0 ? ask(at) : go_on(at)", "go_on(at)", "go_on asks by itself"),
    ("begin.cc", "std::prev(versions->second.end());\n  if (!at.step->playbook_version.empty())", "versions->second.begin();\n  if (!at.step->playbook_version.empty())", "the oldest version is called"),
    ("begin.cc", "if (!at.step->playbook_version.empty()) {", "if (false) {", "the version that is asked for is not the one that is called"),
    # act.cc, answers.cc: what came back
    ("act.cc", "at.activation->unit + 1 >= at.plan->units(*at.step)", "true", "the first command is the only one"),
    ("act.cc", "!may_retry || at.activation->attempt >= rules.attempts", "at.activation->attempt >= rules.attempts", "everything is tried again"),
    ("act.cc", "!may_retry || at.activation->attempt >= rules.attempts", "true", "nothing is tried again"),
    ("act.cc", "at.activation->attempt >= rules.attempts", "at.activation->attempt > rules.attempts", "one try too many"),
    ("act.cc", 'if (at.run->paused) return {of(at, "playbook_command_held")};', "", "a pause does not hold a command"),
    ("act.cc", "if (!is_approved(at, unit->digest())) return ask(at);", "", "what is approved is not what leaves"),
    ("act.cc", "!(at.rules().idempotent || cacao::is_idempotent", "(at.rules().idempotent || cacao::is_idempotent", "once and again are turned round"),
    ("act.cc", 'fmt::format("{}-{}", at.id(), at.activation->unit)', 'fmt::format("{}-{}", at.id(), at.activation->attempt)', "a second try has another key"),
    ("answers.cc", 'outcome == "failure" || (outcome.empty() && result.starts_with("fail"))', "false", "people's failure is a success"),
    ("answers.cc", 'outcome == "failure" || (outcome.empty() && result.starts_with("fail"))', 'outcome == "failure"', "people's words are not read"),
    ("answers.cc", "if (!at.activation->items.empty()) return {};", "", "the first item of evidence is all"),
    ("answers.cc", "at.activation->failed.empty() ? unit_done(at, {}) : unit_failed", "true ? unit_done(at, {}) : unit_failed", "evidence that failed is captured"),
    ("answers.cc", 'if (result == "uncertain")', "if (false)", "a call that nobody knows of may be sent again"),
    ("answers.cc", 'if (result != "done") return unit_failed(at, "failure", detail);', "", "a call that failed is done"),
    ("answers.cc", "status != 0 && !at.rules().accepts(static_cast<int>(status))", "false", "every status is a success"),
    ("answers.cc", "return at.activation->approval.complete ? go_on(at) : Drafts{};", "return go_on(at);", "one yes asks the others anew"),
    ("answers.cc", 'return end_step(at, "failure", fmt::format("rejected by', 'return end_step(at, "success", fmt::format("rejected by', "a no is a yes"),
    ("answers.cc", 'cleared ? unit_done(at, {{"__gates__", "passed"}})', 'true ? unit_done(at, {{"__gates__", "passed"}})', "every candidate passes the gates"),
    ("answers.cc", 'entry.kind == "action_lifted" && at.activation->waits_for.size() > 1', "false", "an end that was asked for is a failure"),
    ("answers.cc", 'for (const At& at : waiting_for(state, "measure:" + incident->second)) join(drafts, unit_done(at, {{"__action__", action}}));', "", "nobody hears of a measure in force"),
    ("answers.cc", "found->activation->attempt > 1 || found->activation->unit > 0 ? go_on(*found) : begin(*found)", "begin(*found)", "a second try asks for approval again"),
    ("answers.cc", "found && found->activation->begun ? begin(*found) : Drafts{}", "found ? begin(*found) : Drafts{}", "a delay is none"),
    ("answers.cc", 'return answer(state, entry.cause, [&](const At& at) { return unit_failed(at, "failure", string_or(entry.body, "reason")); });', "return {};", "a refusal is not heard"),
    ("answers.cc", '    {"incident_task_opened", asked},\n', "", "a task outlives the step that asked for it"),
    # timers.cc
    ("timers.cc", "if (now >= activation.deadline)", "if (false)", "nothing times out"),
    ("timers.cc", "if (now >= activation.deadline)", "if (now > activation.deadline + 1)", "a timeout comes late"),
    ("timers.cc", '"timeout", fmt::format("no answer', '"success", fmt::format("no answer', "a timeout is a success"),
    ("timers.cc", "if (asks_people(activation) && now >= activation.approval.until) return", "if (false) return", "an approval does not lapse"),
    ("timers.cc", "if (!activation.begun && !at.run->paused && now >= activation.begin)", "if (!activation.begun && now >= activation.begin)", "a pause does not hold a delayed step"),
    ("timers.cc", "if (!activation.begun && !run.paused) next", "if (!activation.begun) next", "a paused run wakes for nothing"),
    ("timers.cc", "if (now >= outer->second.deadline) return true;", "", "what stands in a step that is over goes on"),
    ("timers.cc", "|| not_now(run) ||", "||", "an answer and a timeout at once"),
    # approval.cc
    ("approval.cc", "approval.by.size() + 1 >= at.rules().approvers", "true", "one yes is enough"),
    ("approval.cc", "if (entry.actor == at.run->by) return refuse", "if (false) return refuse", "who started it may approve it"),
    ("approval.cc", "if (approval.by.contains(entry.actor)) return refuse", "if (false) return refuse", "one person counts twice"),
    ("approval.cc", "string_or(args, \"digest\") != digest)", "false)", "a yes to something else counts"),
    ("approval.cc", "if (entry.time >= approval.until) return refuse", "if (false) return refuse", "a yes after its time counts"),
    ("approval.cc", "return approval.units[at.activation->unit - first] == unit_digest;", "return true;", "what was shown need not be what leaves"),
    ("approval.cc", "if (!approval.complete || at", "if (at", "a question is an answer"),
    ("approval.cc", 'if (!entry.actor.starts_with("user:")) return refuse', "if (false) return refuse", "a program approves"),
    # apply.cc: what the routes stand on
    ("apply.cc", "if (branching->open_branches > 0) --branching->open_branches;", "branching->open_branches = 0;", "the first branch ends them all"),
    ("apply.cc", 'branching->branch_failed |= string_or(entry.body, "outcome") != "success";', 'branching->branch_failed = string_or(entry.body, "outcome") != "success";', "the last branch speaks for all"),
    ("apply.cc", 'if (branching->type == "while-condition") ++parent->iterations;', "", "rounds are not counted"),
    ("apply.cc", "if (run->paused) run->held.push_back({next.front(), parent, 0});", "if (run->paused) run->held.push_back({next.front(), \"\", 0});", "what a pause held stands outside of its branch"),
    ("apply.cc", "if (run->paused) run->held.clear();", "", "what a pause held leaves again after the next"),
    ("apply.cc", "std::erase_if(run->held, [&](const Held& held) { return held.activation == index || index_of(held.parent) == index; });", "", "what a pause held outlives its branch"),
    ("apply.cc", "if (!activation.parent.empty() && !run->open.contains(index_of(activation.parent))) return;", "", "a step starts in a branch that is over"),
    ("apply.cc", "activation.begin <= entry.time && !run->paused;", "activation.begin <= entry.time;", "what starts in a pause is lost"),
    ("apply.cc", "caller != state.runs.end() && caller->second.paused) {", "false) {", "a called playbook runs while its caller is paused"),
    ("apply.cc", "if (run == nullptr || run->ended) return;  // the first end counts", "if (run == nullptr) return;  // the first end counts", "the last end of a run counts"),
    ("apply.cc", 'entry.time + int_or(entry.body, "within_ms") * kMillisecond, {}, false};', "entry.time, {}, false};", "an approval lapses at once"),
    # playbook.cc, control.cc, start.cc
    ("playbook.cc", 'if (!run.ended && run.parent_run.empty() && run.incident == string_or(entry.body, "incident"))', 'if (false)', "a run outlives its incident"),
    ("playbook.cc", 'one->step->type == "while-condition" ? enter_loop(*one) : go_on(*one)', "go_on(*one)", "a loop is resumed as a command"),
    ("playbook.cc", 'moved.insert(outermost(state, string_or(draft.body, "run")));', 'moved.insert(string_or(draft.body, "run"));', "an answer and its caller's timeout at once"),
    ("control.cc", "if (!other.ended && other.parent_run == out[i]->id) out.push_back(&other);", "", "a pause does not reach what was called"),
    ("control.cc", "if (!from.empty() && !is_top_level(*version->second.plan, from))", "if (false)", "a run starts again inside a branch"),
    ("start.cc", "if (std::find(above.begin(), above.end(), step.playbook_id) != above.end()) return", "if (false) return", "playbooks call each other in a circle"),
    ("start.cc", "if (!state.signatures.severities.contains(facts.severity)) return {};", "return {};", "signatures are not asked for"),
    ("start.cc", "one.standing == cacao::Standing::kValid && one.trusted", "one.standing == cacao::Standing::kValid", "anybody's signature will do"),
    ("start.cc", "if (start.parent_run.empty() && run.parent_run.empty() && run.playbook == plan.read.id", "if (false && run.playbook == plan.read.id", "one playbook runs twice on an incident"),
]

# Survive, and why nothing can notice.
EQUIVALENT = {
    "go_on asks by itself": "go_on() asks whenever the command is not approved, so begin() need not; it saves a rendering",
    "a pause does not hold a delayed step": "wakes_at() keeps the begin of what is paused out of the timers, so timer() is not asked about it",
}


def run(command, **more):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def copy_tree(to):
    files = run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT).stdout.split("\n")
    for name in filter(None, files):
        source = ROOT / name
        if not source.is_file():
            continue
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != source.read_bytes():
            shutil.copyfile(source, target)
            shutil.copymode(source, target)


def is_killed(build, jobs):
    """What noticed: a test's name, 'does not build', or None."""
    for test in TESTS:
        built = run(["ninja", "-C", str(build), f"-j{jobs}", test])
        if built.returncode != 0:
            return "does not build: " + next((line for line in built.stdout.split("\n") if "error" in line), "?")
        try:
            done = run([str(build / "bin/test" / test), "--gtest_brief=1", "--gtest_fail_fast", "--gtest_filter=-HostileFields.*"], timeout=300)
        except subprocess.TimeoutExpired:
            return f"{test} does not end"
        if done.returncode != 0:
            failed = [line.split("] ")[1].split(" (")[0] for line in done.stdout.split("\n") if line.startswith("[  FAILED  ]")]
            return failed[0] if failed else f"{test} crashes"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/mutants"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    base = pathlib.Path(options.build).resolve()
    copy, build = base / "copy", base / "build"
    copy_tree(copy)
    configured = run(["cmake", "--preset", "dev", "-B", str(build), "-DFIREBREAK_WERROR=OFF"], cwd=copy)
    if configured.returncode != 0:
        print(configured.stdout)
        return 2
    wrong = [m for m in MUTATIONS if (ROOT / FOLD / m[0]).read_text().count(m[1]) != 1]
    for file, old, _, what in wrong:
        print(f"not there exactly once: {file}: {old} ({what})")
    reason = is_killed(build, options.jobs)
    if reason:
        print(f"the unchanged engine fails: {reason}")
        return 2
    killed, survivors = 0, []
    chosen = [m for m in MUTATIONS if m not in wrong and options.only in m[3] + m[0]]
    for number, (file, old, new, what) in enumerate(chosen, 1):
        target = copy / FOLD / file
        whole = target.read_text()
        target.write_text(whole.replace(old, new))
        began = time.monotonic()
        try:
            reason = is_killed(build, options.jobs)
        finally:
            target.write_text(whole)
        if reason and reason.startswith("does not build"):
            wrong.append((file, old, new, what))
        elif reason:
            killed += 1
        elif what not in EQUIVALENT:
            survivors.append((file, what))
        print(f"{number:3} {file:12} {what}: {reason or 'SURVIVED' + (' (equivalent)' if what in EQUIVALENT else '')} [{time.monotonic() - began:.0f} s]", flush=True)
    equal = sum(m[3] in EQUIVALENT for m in chosen)
    print(f"{len(chosen)} mutations, {killed} killed, {equal} equivalent, {len(survivors)} survived, {len(wrong)} could not be made")
    for file, what in survivors:
        print(f"survived: {file}: {what}")
    return 1 if survivors or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
