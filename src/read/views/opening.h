// Opens the file of the views, and closes it so that the next opening can trust it.
//
// Nobody waits for the disk while rows are written, so the file is sound after the end of a process, however it ended (the kernel has
// the pages), but not after the end of the machine. "meta" therefore says since which start of the machine the file is open; zero:
// closed, and all of it on the disk. Only a file that was open under another start of the machine is read whole before it is used:
// that takes seconds where there are gigabytes. Damage that comes otherwise is told by SQLite when it is read; the next opening then checks too.
#pragma once

#include <string>

#include "read/views/sqlite.h"

namespace firebreak::views {

// An empty or sound file of this schema version. Else `usable` is false: it is to be thrown away.
Result<Database> open_current(const std::string& path, bool* usable);

// `doubted`: it was found damaged. Best effort: without it the next opening reads the file whole at most.
void close_current(Database& database, bool doubted);

void remove_database(const std::string& path);

}  // namespace firebreak::views
