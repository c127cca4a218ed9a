#include "world/gateway/row_form.h"

#include <algorithm>

#include "base/limits.h"
#include "log/record/line.h"
#include "log/record/rows.h"

namespace firebreak::gateway {

using record::Release;

struct RowForm::Impl {
  record::Catalog catalog;
  record::LineReader reader;
  record::Line line;
  bool lacks = true;
  Bytes padded;

  // 0 = none; a batch rarely names more than two.
  std::uint16_t number_of(const record::ReleaseView& view, std::vector<Release>& releases) {
    if (view.empty()) return 0;
    Release wanted{std::string(view.release), std::string(view.model_name), std::string(view.model_version),
                   std::string(view.model_digest)};
    const auto at = std::find(releases.begin(), releases.end(), wanted);
    const auto number = static_cast<std::uint16_t>(at - releases.begin() + 1);
    if (at == releases.end()) releases.push_back(std::move(wanted));
    return number;
  }

  // False: it has none, or is refused; the server says why when it gets the line.
  bool append_row(const std::string& text, Bytes& out) {
    padded.assign(text);
    padded.append(record::LineReader::kPaddingBytes, ' ');
    record::Needs needs;
    if (text.size() > limits::kRecordBytes || !reader.read(std::string_view(padded).substr(0, text.size()), line, needs))
      return false;
    if (!needs.empty()) lacks = true;
    if (!needs.empty() || line.kind == record::Kind::kControl) return false;
    record::encode_row(*line.table->schema, line.cells, line.extra, out);
    return true;
  }
};

RowForm::RowForm() : impl_(std::make_unique<Impl>()) {}
RowForm::~RowForm() = default;

bool RowForm::lacks_columns() const { return impl_->lacks; }

Result<void> RowForm::learn(const Json& document) {
  record::Catalog next;
  const Json* const schemas = find(document, "schemas");
  if (schemas == nullptr || !schemas->is_array()) return fail(Code::kCorrupt, "no list of schemas");
  for (const Json& one : schemas->get_array()) {
    FIREBREAK_ASSIGN(const record::Schema schema, record::schema_from_json(one));
    FIREBREAK_TRY(next.apply(0, record::schema_control(schema)));
  }
  impl_->catalog = std::move(next);
  return {};
}

std::optional<Bytes> RowForm::rows_of(const std::vector<std::string>& lines) {
  Impl& in = *impl_;
  in.lacks = false;
  const std::function<std::string(std::string_view)> as_it_is = [](std::string_view value) { return std::string(value); };
  in.reader.start(in.catalog, as_it_is);
  std::vector<Release> releases;
  std::vector<std::pair<Bytes, std::uint16_t>> rows;
  rows.reserve(lines.size());
  for (const std::string& text : lines) {
    Bytes row;
    if (!in.append_row(text, row)) return std::nullopt;
    rows.emplace_back(std::move(row), in.number_of(in.line.release, releases));
  }
  record::RowsWriter writer(releases);
  for (const auto& [row, release] : rows) writer.add(row, release);
  return writer.take();
}

}  // namespace firebreak::gateway
