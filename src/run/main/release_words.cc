#include <CLI/CLI.hpp>
#include <filesystem>

#include "run/main/command_line.h"

namespace firebreak::cli {

void CommandLine::add_release() {
  Words& w = words_;
  auto* reg = verb(release_, "register", "upload a release with its lineage and register it",
                   [&w](Client& c) { return register_release(c, w.release); });
  reg->add_option("--endpoint", w.release.endpoint)->required();
  reg->add_option("--release", w.release.release)->required();
  reg->add_option("--upstream", w.release.upstream, "where it answers")->required();
  reg->add_option("--model", w.release.model, "the model's bytes")->required();
  reg->add_option("--manifest", w.release.manifest, "name, version, training_cut, sources")->required();
  reg->add_option("--dataset", w.release.dataset, "training snapshot, CSV")->required();
  reg->add_option("--holdout", w.release.holdout, "holdout, CSV")->required();
  reg->add_option("--incident", w.release.incident);
  reg->add_option("--trained-by", w.release.trained_by, "the identity that trained it, as the data's access log names it");
  auto* sealing = verb(release_, "seal", "commit to a holdout by its digest, before anybody reads it", [&w](Client& c) { return seal_holdout(c, w.endpoint, w.file); });
  sealing->add_option("--endpoint", w.endpoint)->required();
  sealing->add_option("--holdout", w.file, "its file; only the digest leaves")->required();
  auto* reading = verb(release_, "read", "say who has read a data set, as its access log does", [&w](Client& c) {
    JsonObject args{{"digest", w.digest}, {"reader", w.user}};
    if (!w.reason.empty()) args["purpose"] = w.reason;
    if (!w.text.empty()) args["at"] = w.text;
    return give_command(c, "data.read", args);
  });
  reading->add_option("--digest", w.digest, "SHA-256 of its bytes")->required();
  reading->add_option("--reader", w.user, "an identity")->required();
  reading->add_option("--at", w.text, "a time with its zone; now without it");
  reading->add_option("--purpose", w.reason);
  for (const auto& [name, help] : {std::pair("gate", "run the recovery gates on a candidate"),
                                   std::pair("promote", "propose shadow, canary and full traffic")}) {
    auto* sub = verb(release_, name, help, [&w, command = std::string("release.") + name](Client& c) {
      JsonObject args{{"endpoint", w.endpoint}, {"release", w.release_name}};
      if (!w.incident.empty()) args["incident"] = w.incident;
      return give_command(c, command, args);
    });
    sub->add_option("--endpoint", w.endpoint)->required();
    sub->add_option("--release", w.release_name)->required();
    sub->add_option("--incident", w.incident);
  }
  auto* approve = verb(release_, "accept-source", "accept a data source as lineage", [&w](Client& c) {
    JsonObject args{{"source", w.id}, {"reason", w.reason}};
    if (!w.digest.empty()) args["digest"] = w.digest;
    return give_command(c, "source.approve", args);
  });
  approve->add_option("source", w.id)->required();
  approve->add_option("--digest", w.digest);
  approve->add_option("--reason", w.reason)->required();
}

void CommandLine::add_evidence() {
  Words& w = words_;
  auto* capture = verb(evidence_, "capture", "capture evidence now", [&w](Client& c) {
    return give_command(c, "evidence.capture",
                        JsonObject{{"incident", w.id}, {"items", JsonArray(w.items.begin(), w.items.end())}});
  });
  capture->add_option("incident", w.id)->required();
  capture->add_option("--item", w.items, "model, dataset, policy, inferences, counters")->required();
  auto* offer = verb(evidence_, "offer", "offer an item, or a whole bundle, to the person who gets it", [&w](Client& c) {
    JsonObject args{{"incident", w.id}, {"evidence", w.casefile.item}, {"to", w.casefile.to_user}, {"digest", w.digest}, {"reason", w.reason}};
    if (!w.casefile.at.empty()) args["at"] = w.casefile.at;
    return give_command(c, "evidence.offer", args);
  });
  offer->add_option("incident", w.id)->required();
  offer->add_option("evidence", w.casefile.item, "ev-N, or bundle: everything that was captured for the incident")->required();
  offer->add_option("--to", w.casefile.to_user, "user")->required();
  offer->add_option("--digest", w.digest, "SHA-256 of the item, or of the bundle's MANIFEST.sha256")->required();
  offer->add_option("--reason", w.reason)->required();
  offer->add_option("--at", w.casefile.at, "when it went over, with its zone; without it now");
  auto* take = verb(evidence_, "take", "sign for evidence that was offered to you", [&w](Client& c) {
    JsonObject args{{"offer", w.id}, {"digest", w.digest}};
    if (!w.casefile.at.empty()) args["at"] = w.casefile.at;
    return give_command(c, "evidence.take", args);
  });
  take->add_option("offer", w.id, "cust-N")->required();
  take->add_option("--digest", w.digest, "SHA-256 of what you got")->required();
  take->add_option("--at", w.casefile.at, "when it went over, with its zone; without it now");
  for (const char* name : {"refuse", "withdraw"}) {
    auto* sub = verb(evidence_, name, name == std::string("refuse") ? "refuse evidence that was offered to you" : "withdraw what you offered",
                     [&w, name](Client& c) { return give_command(c, std::string("evidence.") + name, JsonObject{{"offer", w.id}, {"reason", w.reason}}); });
    sub->add_option("offer", w.id, "cust-N")->required();
    sub->add_option("--reason", w.reason)->required();
  }
  auto* exported = offline(evidence_, "export", "write an incident's bundle from a data folder", [this] {
    return evidence_export(data_or("firebreak-data"), words_.id, words_.out, words_.report_dir,
                           words_.connection.json);
  });
  exported->add_option("incident", w.id)->required();
  exported->add_option("--out", w.out, "folder to make")->required();
  exported->add_option("--report", w.report_dir, "folder with report.json and report.html to enclose");
  auto* sent = offline(evidence_, "send", "put a bundle into the bucket of a configuration, locked",
                       [&w] { return evidence_send(w.out, w.serve.config, w.connection.json); });
  sent->add_option("bundle", w.out, "folder of a bundle")->required();
  sent->add_option("--store-config", w.serve.config, "configuration file with a part 'store'")->required();
  auto* verified = offline(evidence_, "verify", "check a bundle, or a completeness statement, without a server", [&w] {
    if (std::filesystem::is_regular_file(w.out + "/statement.json")) return statement_verify(w.out + "/statement.json", w.archive_dir, w.keys, w.connection.json);
    if (!std::filesystem::is_regular_file(w.out)) return evidence_verify(w.out, w.keys, w.connection.json);
    return statement_verify(w.out, w.archive_dir, w.keys, w.connection.json);
  });
  verified->add_option("bundle", w.out, "folder of a bundle, of evidence or of 'impact --bundle', or file of a statement")->required();
  verified->add_option("--archive", w.archive_dir, "for a statement: the stream's archive, or a copy of it; without it the statement's own folder");
  verified->add_option("--key", w.keys, "pinned vkey of a log, several times");
}

void CommandLine::add_ledger() {
  Words& w = words_;
  auto* ledger = noun("ledger", "the logs, without a server, on a data folder or a copy of it");
  offline(ledger, "list", "names, sizes, roots",
          [this] { return ledger_list(data_or("firebreak-data"), words_.connection.json); });
  auto* verify = offline(ledger, "verify", "recompute everything; names the first damaged place", [this] {
    return ledger_verify({data_or("firebreak-data"), words_.log, words_.exported, words_.pinned, words_.receipts, words_.witnesses,
                          words_.ca_file}, words_.connection.json);
  });
  verify->add_option("--log", w.log, "one log; all without it");
  verify->add_option("--key", w.pinned, "pinned vkey: 'authentic' instead of 'consistent'");
  verify->add_option("--receipt", w.receipts, "kept tlog-proof, ingest receipt or checkpoint that the log must still hold; several times");
  verify->add_option("--witness", w.witnesses, "vkey of a witness that must have cosigned each log; several times");
  verify->add_option("--timestamps", w.ca_file, "CA certificates (PEM) that each log's RFC 3161 time stamps must lead to");
  verify->add_option("--export", w.exported, "a folder that 'ledger export' wrote, instead of a data folder")->excludes("--log");
  auto* exported = offline(ledger, "export", "write the C2SP tlog-tiles layout", [this] {
    return ledger_export(data_or("firebreak-data"), words_.log, words_.out, words_.connection.json);
  });
  exported->add_option("--log", w.log, "one log into the folder; without it each into a folder of its name");
  exported->add_option("--out", w.out)->required();
  auto* prove = offline(ledger, "prove", "tlog-proof of one entry", [this] {
    return ledger_prove(data_or("firebreak-data"), words_.log, words_.index, words_.out, words_.connection.json);
  });
  prove->add_option("--log", w.log)->required();
  prove->add_option("--index", w.index)->required();
  prove->add_option("--out", w.out, "file; standard output without it");
}

}  // namespace firebreak::cli
