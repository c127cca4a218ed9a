// Every cell of the matrix: ten roles, thirteen duties, four presets, through the gate.
#include <gtest/gtest.h>

#include "fold/access/story_for_tests.h"

namespace firebreak::access {
namespace {

// The matrix once more, as the requirement draws it: one line per duty, one letter per role.
// n none, v view, p propose, d do, s do with a second person.
struct Line {
  std::string_view duty, cells;
};
constexpr Line kAsRequired[] = {
    {"declare", "ddddddddnn"},   {"steer", "nppppndvnv"},    {"timeline", "ndddddddnv"},  {"evidence", "nddpnndnnv"}, {"contain", "nddpnnddnv"},
    {"disrupt", "nppnnnpsnv"},   {"override", "nnnnnppsnv"}, {"promote", "nnpnnnpsnv"},   {"regulator", "nnnnnpvsnv"}, {"message", "nnnnndpdnv"},
    {"close", "nnnnnnpsnv"},     {"administer", "nnnnnnnnsv"}, {"audit", "nnnnnnvvvd"},
};

Cell required(std::size_t duty, std::size_t role) {
  constexpr std::string_view kLetters = "nvpsd";
  return static_cast<Cell>(kLetters.find(kAsRequired[duty].cells[role]));
}

// What the gate made of a command.
std::string outcome(const std::vector<Entry>& group) {
  if (group.size() < 2) return "nothing";
  return group[1].kind;
}

std::string expected(const CommandSpec& command, Cell cell) {
  const Cell least = command.step == Step::kApprove ? Cell::kDoSecond : Cell::kPropose;
  if (cell < least) return "command_refused";
  return command.step == Step::kDo && cell != Cell::kDo ? "command_requested" : "command_accepted";
}

TEST(RoleMatrix, has_the_ten_by_thirteen_cells_that_are_required) {
  for (std::size_t duty = 0; duty < kDuties; ++duty) {
    ASSERT_EQ(kAsRequired[duty].duty, kDutyNames[duty]);
    for (std::size_t role = 0; role < std::size(kHumanRoles); ++role)
      EXPECT_EQ(matrix_row(kHumanRoles[role])[duty], required(duty, role)) << kHumanRoles[role] << ", " << kDutyNames[duty];
  }
}

TEST(RoleMatrix, every_command_belongs_to_a_duty_and_every_duty_that_changes_something_now_has_one) {
  std::set<Duty> seen;
  for (const CommandSpec& command : commands()) {
    ASSERT_LT(static_cast<std::size_t>(command.duty), kDuties) << command.name;
    EXPECT_NE(command.duty, Duty::kAudit) << command.name << ": reading is no command";
    if (command.step != Step::kOwn && command.step != Step::kAnswer) seen.insert(command.duty);
    for (const std::string_view program : kProgramRoles)
      EXPECT_TRUE(!has_word(command.programs, program) || command.step == Step::kDo) << command.name << ": a program never approves";
  }
  EXPECT_EQ(seen.size(), kDuties - 1);
}

// The cells as the gate keeps them: each command by a person of each role, under each preset.
TEST(RoleMatrix, the_gate_keeps_every_cell_for_every_command) {
  int cells = 0;
  for (const Preset& preset : presets()) {
    Story story(std::string(preset.name));
    story.add("root", "admin");
    story.add("x", "analyst");  // whom some_args names
    for (const std::string_view role : kHumanRoles) {
      const std::string name = "one-" + std::string(role), actor = "user:" + name;
      story.add(name, std::string(role));
      const std::string secret = sha256(name).hex();
      story.give(actor, "mfa.enroll", {{"secret", secret}});
      std::int64_t code = 0;
      story.give(actor, "mfa.confirm", {{"secret", secret}}, {{"mfa", ++code}});
      for (const CommandSpec& command : commands()) {
        if (command.step == Step::kOwn || command.step == Step::kAnswer || command.name == "break_glass.open" || command.name == "access.preset") continue;
        const auto group = story.give(actor, command.name, some_args(command), {{"mfa", ++code}});
        const Cell cell = cell_of(rights_of(role, preset), command.duty);
        EXPECT_EQ(outcome(group), expected(command, cell)) << preset.name << ": " << role << ", " << command.name << ", " << cell_name(cell);
        ++cells;
      }
    }
  }
  EXPECT_GT(cells, 4 * 10 * 40);
}

TEST(RoleMatrix, the_auditor_changes_nothing_and_the_viewer_only_declares) {
  Story story("enterprise");
  story.add("aud", "auditor");
  story.add("vic", "viewer");
  for (const CommandSpec& command : commands()) {
    if (command.step == Step::kOwn || command.step == Step::kAnswer) continue;
    EXPECT_EQ(code_of(story.give("user:aud", command.name, some_args(command))), "forbidden") << command.name;
    EXPECT_EQ(code_of(story.give("user:vic", command.name, some_args(command))), command.duty == Duty::kDeclare ? "" : "forbidden") << command.name;
  }
  EXPECT_EQ(cell_of(rights_of("auditor", preset_of(story.state())), Duty::kAudit), Cell::kDo);
}

TEST(RoleMatrix, several_roles_add_up_and_a_program_has_none) {
  const Preset& strict = *find_preset("enterprise");
  EXPECT_EQ(cell_of(rights_of("analyst commander", strict), Duty::kSteer), Cell::kDo);
  EXPECT_EQ(cell_of(rights_of("analyst commander", strict), Duty::kClose), Cell::kPropose);
  EXPECT_EQ(cell_of(rights_of("analyst approver", strict), Duty::kClose), Cell::kDoSecond);
  for (const Cell cell : rights_of("gateway", strict)) EXPECT_EQ(cell, Cell::kNone);
  EXPECT_EQ(normal_roles("commander analyst"), "analyst commander");
  for (const char* wrong : {"", "king", "analyst king", "analyst analyst", "admin gateway", "gateway producer", "analyst ", " analyst", "analyst  admin"})
    EXPECT_EQ(normal_roles(wrong), "") << wrong;
}

TEST(RoleMatrix, what_the_three_roles_of_old_could_do_they_can_do_as_a_pair) {
  Story story;
  story.add("ana", "analyst");
  story.add("ben", "approver");
  story.add("root", "admin");
  for (const char* name : {"incident.declare", "incident.severity", "incident.phase", "incident.close", "finding.verdict", "mute.add", "freeze", "thaw", "hold.lift"})
    for (const char* actor : {"user:ana", "user:ben", "user:root"})
      EXPECT_EQ(outcome(story.give(actor, name, some_args(*find_command(name)))), "command_accepted") << name << " " << actor;
  for (const char* name : {"action.propose", "release.register", "release.gate", "evidence.capture", "playbook.run", "detectors.propose"})
    for (const char* actor : {"user:ana", "user:root"})
      EXPECT_EQ(outcome(story.give(actor, name, some_args(*find_command(name)))), "command_accepted") << name << " " << actor;
  for (const char* name : {"action.approve", "source.approve", "detectors.approve"}) {
    EXPECT_EQ(outcome(story.give("user:ben", name, some_args(*find_command(name)))), "command_accepted") << name;
    EXPECT_EQ(code_of(story.give("user:ana", name, some_args(*find_command(name)))), "forbidden") << name;
    EXPECT_EQ(code_of(story.give("user:root", name, some_args(*find_command(name)))), "forbidden") << name;
  }
}

}  // namespace
}  // namespace firebreak::access
