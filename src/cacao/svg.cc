// A playbook as a picture: steps in the order in which they run, branches and failures set in below the step they belong to.
// What goes on below is a line on the left, as in a tree; what goes back or across is a line on the right, each in a lane of
// its own, so that no two lines lie on each other.
#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/markup.h"
#include "cacao/text.h"

namespace firebreak::cacao {
namespace {

constexpr int kWidth = 340, kHeight = 44, kRow = 62, kIndent = 56, kMargin = 20, kLane = 14, kTrunk = 18;
constexpr std::size_t kTitle = 46;  // characters that fit a box

constexpr std::string_view kStyle =
    "text{font:13px system-ui,sans-serif;fill:#111}.t{font-size:10px;fill:#555}.l{font-size:11px;fill:#333}"
    "rect{fill:#fff;stroke:#444}.end,.start{fill:#eee}.branching{fill:#eef4ff}.lost{stroke-dasharray:4 3}"
    "path{fill:none;stroke:#444;marker-end:url(#a)}.f{stroke:#b00020;stroke-dasharray:5 3}";

std::string escaped(std::string_view text, std::size_t most) {
  std::string out;
  std::size_t characters = 0;
  for (const char octet : text) {
    const auto c = static_cast<unsigned char>(octet);
    if ((c & 0xc0) != 0x80 && ++characters > most) return escape_markup(out) + "…";  // only between characters
    out += c < 0x20 || c == 0x7f ? '?' : octet;
  }
  return escape_markup(out);
}

struct Box {
  const Step* step;
  int depth, row;
  bool lost;  // no path leads here
  int x() const { return kMargin + depth * kIndent; }
  int y() const { return kMargin + row * kRow; }
};

struct Line {
  std::size_t from, to;
  std::string label;
  bool failure, inside;  // inside: set in below its step
};

class Picture {
 public:
  explicit Picture(const Playbook& playbook) : playbook_(playbook) {
    place(playbook_.start, 0);
    place(playbook_.exception, 0);
    for (const auto& [id, step] : playbook_.steps)
      if (!rows_.contains(id)) {
        rows_[id] = boxes_.size();
        boxes_.push_back({&step, 0, static_cast<int>(boxes_.size()), true});
      }
  }

  std::string draw() {
    for (const Box& box : boxes_) right_ = std::max(right_, box.x() + kWidth);
    std::string body;
    for (const Line& line : lines_) body += drawn(line);
    for (const Box& box : boxes_) body += drawn(box);
    const int width = right_ + (lanes_ + 1) * kLane + kMargin, height = 2 * kMargin + static_cast<int>(boxes_.size()) * kRow;
    return fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\"><title>{2}</title><style>{3}</style>"
                       "<defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
                       "style=\"fill:#444;stroke:none;marker-end:none\"/></marker></defs>\n{4}</svg>\n",
                       width, height, escaped(playbook_.name, 200), kStyle, body);
  }

 private:
  void place(std::string id, int depth) {
    while (const Step* const step = playbook_.step(id)) {
      if (rows_.contains(id)) return;
      const std::size_t here = boxes_.size();
      rows_[id] = here;
      boxes_.push_back({step, depth, static_cast<int>(here), false});
      for (const Branch& branch : step->branches) lead(here, branch.step, branch.label, false, depth + 1);
      if (!step->on_failure.empty()) lead(here, step->on_failure, "on failure", true, depth + 1);
      id = step->on_success.empty() ? step->on_completion : step->on_success;
      if (const auto known = rows_.find(id); known != rows_.end()) lines_.push_back({here, known->second, "", false, false});
      else if (playbook_.step(id) != nullptr) lines_.push_back({here, boxes_.size(), "", false, false});
    }
  }

  void lead(std::size_t from, const std::string& to, const std::string& label, bool failure, int depth) {
    if (playbook_.step(to) == nullptr) return;
    const auto known = rows_.find(to);
    lines_.push_back({from, known == rows_.end() ? boxes_.size() : known->second, label, failure, known == rows_.end()});
    place(to, depth);
  }

  std::string drawn(const Line& line) {
    const Box &from = boxes_[line.from], &to = boxes_[line.to];
    const std::string kind = line.failure ? " class=\"f\"" : "";
    const std::string label = escaped(line.label, 24);
    if (line.inside)
      return fmt::format("<path{} d=\"M{} {}V{}H{}\"/><text class=\"l\" x=\"{}\" y=\"{}\">{}</text>\n", kind, from.x() + 2 * kTrunk, from.y() + kHeight, to.y() + kHeight / 2, to.x(),
                         to.x() + 4, to.y() - 4, label);
    if (to.row > from.row && to.depth == from.depth)
      return fmt::format("<path d=\"M{} {}V{}\"/>\n", from.x() + kTrunk, from.y() + kHeight, to.y());
    const int lane = right_ + ++lanes_ * kLane;
    return fmt::format("<path{} d=\"M{} {}H{}V{}H{}\"/><text class=\"l\" x=\"{}\" y=\"{}\">{}</text>\n", kind, from.x() + kWidth, from.y() + kHeight - 10, lane, to.y() + 10,
                       to.x() + kWidth, from.x() + kWidth + 4, from.y() + kHeight, label);
  }

  std::string drawn(const Box& box) const {
    const Step& step = *box.step;
    const bool ends = step.type == "start" || step.type == "end";
    const std::string kind = ends ? escaped(step.type, 8) : step.branches.empty() ? "work" : "branching";
    const std::string title = step.name.empty() ? step.condition.empty() ? step.type : step.condition : step.name;
    return fmt::format("<g><title>{}</title><rect class=\"{}{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\"/><text class=\"t\" x=\"{}\" y=\"{}\">{}{}</text>"
                       "<text x=\"{}\" y=\"{}\">{}</text></g>\n",
                       escaped(step.description.empty() ? step.id : step.description, 400), kind, box.lost ? " lost" : "", box.x(), box.y(), kWidth, kHeight, ends ? 18 : 4,
                       box.x() + kTrunk, box.y() + 15, title == step.type ? "" : escaped(step.type, 40), remark(step), box.x() + kTrunk, box.y() + 33,
                       escaped(title, kTitle));
  }

  std::string remark(const Step& step) const {
    if (step.id == playbook_.exception) return ", when a step fails and says no other way";
    return step.timeout_ms ? ", within " + span_text(*step.timeout_ms) : "";
  }

  const Playbook& playbook_;
  std::vector<Box> boxes_;
  std::vector<Line> lines_;
  std::map<std::string, std::size_t> rows_;
  int lanes_ = 0, right_ = 0;
};

}  // namespace

std::string svg(const Playbook& playbook) { return Picture(playbook).draw(); }

}  // namespace firebreak::cacao
