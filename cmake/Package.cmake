# `cpack` in the build directory, or ./dev package: the Debian package, in build/…/package/.
# Who answers for it: the author of the last commit, and its date, so that the same sources give the same
# package. Without git: nobody in particular, today.
find_package(Git QUIET)
if(GIT_FOUND)
  foreach(what REAPER_MAINTAINER:%an\ <%ae> REAPER_DATE:%aD)
    string(REPLACE ":" ";" what "${what}")
    list(GET what 0 variable)
    list(GET what 1 format)
    execute_process(COMMAND ${GIT_EXECUTABLE} log -1 --format=${format} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                    OUTPUT_VARIABLE ${variable} OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endforeach()
endif()
if(NOT REAPER_DATE)
  set(REAPER_MAINTAINER "The mcp-reaper authors <root@localhost.localdomain>")
  execute_process(COMMAND date -R OUTPUT_VARIABLE REAPER_DATE OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
# Below the 1 of a package that a distribution makes of the same version.
set(REAPER_REVISION 0local1)

set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(changelog ${staged}/doc/changelog.Debian.gz)
set(upstream_changelog ${staged}/doc/changelog.gz)
configure_file(${debian}/changelog.in ${staged}/changelog.Debian @ONLY)
add_custom_command(OUTPUT ${changelog} ${upstream_changelog} COMMAND mkdir -p ${staged}/doc
                   COMMAND gzip -9nc ${staged}/changelog.Debian > ${changelog}
                   COMMAND gzip -9nc ${PROJECT_SOURCE_DIR}/CHANGELOG.md > ${upstream_changelog}
                   DEPENDS ${staged}/changelog.Debian ${PROJECT_SOURCE_DIR}/CHANGELOG.md VERBATIM)
add_custom_target(package_files ALL DEPENDS ${changelog} ${upstream_changelog})
install(FILES ${changelog} ${upstream_changelog} ${debian}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
        COMPONENT debian EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/package)
set(CPACK_PACKAGE_CONTACT "${REAPER_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "finds, explains and governs MCP servers")
set(CPACK_PACKAGE_DESCRIPTION
    "AI coding agents start servers of the Model Context Protocol by the dozen, and
many never end: the agent is gone, the servers live on, some at full CPU, some
with a browser.
.
mcp-reaper finds every MCP server on the host, tells whose it is, proves which
are leaked or over their limits, and ends, throttles or freezes exactly those,
as its policy says. What is in use is spared, and every action is shown with
its evidence. It runs as a command or as a service, for the whole host or for
one user; installing it starts neither.")
set(CPACK_INSTALL_CMAKE_PROJECTS
    "${PROJECT_BINARY_DIR};mcp-reaper;program;/" "${PROJECT_BINARY_DIR};mcp-reaper;debian;/")
set(CPACK_STRIP_FILES ON)
# With DESTDIR the prefix is known while it is installed (InstallService.cmake).
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${REAPER_REVISION})
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# deb-systemd-helper and deb-systemd-invoke, users' units included.
set(CPACK_DEBIAN_PACKAGE_PREDEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "systemd")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
