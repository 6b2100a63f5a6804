# cmake --install build/release --prefix PREFIX: the program (src/cli/) and its guard (src/guard/), its manuals, completions, units, a
# policy to edit, policies to start from, documents. Three components: `program` is installed everywhere,
# `tree` by `cmake --install` only, `debian` in the package only (Package.cmake).
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME program)
set(staged ${PROJECT_BINARY_DIR}/install)

# Manuals, compressed as Debian asks for: without a name and a time of day in them.
file(GLOB manuals CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/man/*.[1-8])
foreach(manual ${manuals})
  get_filename_component(name ${manual} NAME)
  string(REGEX MATCH "[1-8]$" section ${name})
  set(compressed ${staged}/man/${name}.gz)
  add_custom_command(OUTPUT ${compressed} COMMAND mkdir -p ${staged}/man
                     COMMAND gzip -9nc ${manual} > ${compressed} DEPENDS ${manual} VERBATIM)
  list(APPEND install_files ${compressed})
  install(FILES ${compressed} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

# Completions come from the tables that --help is made of (src/cli/completion.cpp).
foreach(file bash:mcp-reaper zsh:_mcp-reaper fish:mcp-reaper.fish)
  string(REPLACE ":" ";" file ${file})
  list(GET file 0 shell)
  list(GET file 1 name)
  set(completion ${staged}/${shell}/${name})
  add_custom_command(OUTPUT ${completion} COMMAND mkdir -p ${staged}/${shell}
                     COMMAND mcp-reaper completion ${shell} > ${completion} DEPENDS mcp-reaper VERBATIM)
  list(APPEND install_files ${completion})
endforeach()
install(FILES ${staged}/bash/mcp-reaper DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${staged}/fish/mcp-reaper.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# The policy of the host: the built-in one, all of it (a file that leaves something out means no limit, and
# the server types without their limits). So saving it unchanged changes nothing.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${PROJECT_SOURCE_DIR}/policies/default.yaml ${PROJECT_SOURCE_DIR}/packaging/policy-head.yaml)
file(READ ${PROJECT_SOURCE_DIR}/packaging/policy-head.yaml head)
file(READ ${PROJECT_SOURCE_DIR}/policies/default.yaml default)
string(REGEX REPLACE "^.*\n(version: 1\n)" "\\1" default "${default}")
string(REPLACE "name: default\n" "" default "${default}")
if(NOT default MATCHES "^version: 1\n")
  message(FATAL_ERROR "policies/default.yaml looks otherwise than expected: see cmake/Install.cmake")
endif()
file(WRITE ${staged}/policy.yaml "${head}\n${default}")

add_custom_target(install_files ALL DEPENDS ${install_files})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/policies/ DESTINATION ${CMAKE_INSTALL_DATADIR}/mcp-reaper/policies
        FILES_MATCHING PATTERN *.yaml PATTERN *.json)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs FILES_MATCHING PATTERN *.md)
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CONTRIBUTING.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${PROJECT_SOURCE_DIR}/LICENSE
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT tree)

# Where the units and the policy go, and what stands in them, is known when the prefix is.
set(REAPER_STAGED ${staged})
configure_file(${PROJECT_SOURCE_DIR}/cmake/InstallService.cmake.in ${staged}/InstallService.cmake @ONLY)
install(SCRIPT ${staged}/InstallService.cmake)
