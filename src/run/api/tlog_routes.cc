// The logs as C2SP tlog-tiles: /tlog/{log}/checkpoint, /tlog/{log}/cosigned (the newest that witnesses cosigned), /tlog/{log}/proof/{index} (tlog-proof), /tlog/{log}/tile/{level}/{n}[.p/{width}], /tlog/{log}/tile/entries/{n}[.p/{width}].
//
// Checkpoints and hash tiles are open to anybody who reaches the server: they show that a log grew and nothing of what it holds,
// and whoever keeps them can tell later whether it was changed. Entries need a person's sign-in: those of the journal are its
// text. Source: https://c2sp.org/tlog-tiles (paths, widths, media types).
#include <fmt/core.h>

#include <charconv>

#include "log/ledger/log.h"
#include "log/ledger/proof.h"
#include "run/api/api.h"

namespace firebreak::api {
namespace {

constexpr std::string_view kForEver = "public, max-age=31536000, immutable";  // a tile never changes, whatever its width

struct TileName {
  bool entries = false;
  unsigned level = 0;
  std::uint64_t n = 0, width = ledger::kTileWidth;
};

bool digits(std::string_view text, std::size_t count, std::uint64_t& value) {
  if (text.size() != count) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// "0/x001/x234/067.p/7", "entries/000": exactly the form that the path functions of the ledger write.
Result<TileName> parse_tile(const std::string& path) {
  const auto bad = [&] { return fail(Code::kNotFound, fmt::format("'tile/{}' is no tile's path (c2sp.org/tlog-tiles)", path)); };
  TileName tile;
  std::string_view rest = path;
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return bad();
  std::uint64_t level = 0;
  if (rest.substr(0, slash) == "entries") tile.entries = true;
  else if (slash > 2 || !digits(rest.substr(0, slash), slash, level) || level > 63) return bad();
  tile.level = static_cast<unsigned>(level);
  rest.remove_prefix(slash + 1);
  if (const std::size_t partial = rest.find(".p/"); partial != std::string_view::npos) {
    const std::string_view width = rest.substr(partial + 3);
    if (width.size() > 3 || !digits(width, width.size(), tile.width)) return bad();
    rest = rest.substr(0, partial);
  }
  while (rest.starts_with('x')) {
    std::uint64_t group = 0;
    if (rest.size() < 5 || rest[4] != '/' || !digits(rest.substr(1, 3), 3, group) || tile.n > UINT64_MAX / 1'000'000) return bad();
    tile.n = (tile.n + group) * 1'000;
    rest.remove_prefix(5);
  }
  std::uint64_t last = 0;
  if (!digits(rest, 3, last)) return bad();
  tile.n += last;
  const std::string again = tile.entries ? ledger::bundle_path(tile.n, tile.width) : ledger::tile_path(tile.level, tile.n, tile.width);
  if (again != "tile/" + path || tile.width == 0) return bad();
  return tile;
}

// Each entry behind its length in two octets, as C2SP's entry bundles are.
Result<Bytes> bundle_of(const ledger::Log& log, const TileName& tile) {
  const std::uint64_t first = tile.n * ledger::kTileWidth, end = first + tile.width;
  if (log.size() < end) return fail(Code::kNotFound, "the log is not so long yet");
  Bytes bundle;
  std::uint64_t at = first;
  FIREBREAK_TRY(log.scan(first, [&](const ledger::Frame& frame) {
    std::uint64_t index = frame.first;
    for (const ByteView entry : frame.entries()) {
      if (index == at && at < end) {
        bundle.push_back(static_cast<char>(entry.size() >> 8));
        bundle.push_back(static_cast<char>(entry.size() & 0xff));
        bundle.append(entry);
        ++at;
      }
      ++index;
    }
    return at < end;
  }));
  return bundle;
}

net::Response tile_response(Bytes content) {
  net::Response response;
  response.content_type = "application/octet-stream";
  response.headers.emplace_back("Cache-Control", std::string(kForEver));
  response.body = std::move(content);
  return response;
}

}  // namespace

Result<ledger::Log*> Api::log_of(const std::string& name) const {
  if (name == "journal") return &parts_.journal.log();
  record::Stream* stream = parts_.streams.get(name);
  if (stream == nullptr) return fail(Code::kNotFound, fmt::format("there is no log '{}'", name));
  return &stream->log();
}

Result<ledger::Checkpoint> Api::published(const std::string& name, const ledger::Log& log) const {
  return parts_.published ? parts_.published(name, log) : Result<ledger::Checkpoint>(log.checkpoint());
}

Result<net::Response> Api::tile(const net::Request& request) const {
  FIREBREAK_ASSIGN(ledger::Log* const log, log_of(request.param("log")));
  FIREBREAK_ASSIGN(const TileName name, parse_tile(request.param("path")));
  if (name.entries) {
    FIREBREAK_ASSIGN(const access::Principal who, authorize(request, kPeople));
    if (request.param("log") == "journal") {
      if (cell_of(who.rights, Duty::kAudit) < Cell::kView) return fail(Code::kForbidden, "the journal as a whole is for who audits");
      // A bundle is signed as a whole: nothing can be taken out of it.
      if (secrecy_of(who.user).any()) return fail(Code::kNotFound, "there is nothing of this name");
    }
    FIREBREAK_ASSIGN(Bytes bundle, bundle_of(*log, name));
    return tile_response(std::move(bundle));
  }
  auto content = log->tile(name.level, name.n, name.width);
  if (!content) return fail(Code::kNotFound, "the log is not so long yet");
  return tile_response(std::move(*content));
}

void Api::add_tlog_routes() {
  const auto open = [this](const std::string& path, std::function<Result<net::Response>(const net::Request&)> answer) {
    router_.get(path, [answer = std::move(answer)](net::Request request, net::Responder responder) {
      auto response = answer(request);
      if (!response) return responder.fail(response.error());
      responder(std::move(*response));
    });
  };
  open("/tlog/{log}/checkpoint", [this](const net::Request& request) -> Result<net::Response> {
    FIREBREAK_ASSIGN(ledger::Log* const log, log_of(request.param("log")));
    FIREBREAK_ASSIGN(const ledger::Checkpoint checkpoint, published(request.param("log"), *log));
    net::Response response = net::text_response(checkpoint.text());
    response.headers.emplace_back("Cache-Control", "no-cache");
    return response;
  });
  open("/tlog/{log}/cosigned", [this](const net::Request& request) -> Result<net::Response> {
    FIREBREAK_TRY(log_of(request.param("log")));
    FIREBREAK_ASSIGN(const auto cosigned, parts_.cosigned ? parts_.cosigned(request.param("log")) : std::optional<ledger::Checkpoint>());
    if (!cosigned) return fail(Code::kNotFound, fmt::format("no witness has cosigned log '{}'", request.param("log")));
    net::Response response = net::text_response(cosigned->text());
    response.headers.emplace_back("Cache-Control", "no-cache");
    return response;
  });
  // A receipt for one record, under what the log publishes: what stands above that waits for the witness.
  open("/tlog/{log}/proof/{index}", [this](const net::Request& request) -> Result<net::Response> {
    FIREBREAK_ASSIGN(ledger::Log* const log, log_of(request.param("log")));
    ledger::Proof proof;
    FIREBREAK_ASSIGN(proof.index, whole_number(request.param("index"), "index"));
    FIREBREAK_ASSIGN(proof.checkpoint, published(request.param("log"), *log));
    if (proof.index >= proof.checkpoint.size)
      return fail(Code::kNotFound, fmt::format("log '{}' publishes {} entries, none at index {}", request.param("log"), proof.checkpoint.size, proof.index));
    FIREBREAK_ASSIGN(proof.path, log->inclusion_proof(proof.index, proof.checkpoint.size));
    net::Response response = net::text_response(proof.text());
    response.headers.emplace_back("Cache-Control", "no-cache");
    return response;
  });
  open("/tlog/{log}/vkey", [this](const net::Request& request) -> Result<net::Response> {
    FIREBREAK_ASSIGN(ledger::Log* const log, log_of(request.param("log")));
    return net::text_response(log->verifier().text() + "\n");
  });
  open("/tlog/{log}/tile/{path...}", [this](const net::Request& request) { return tile(request); });
}

}  // namespace firebreak::api
