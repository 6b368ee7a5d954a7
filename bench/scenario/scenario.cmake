# The files in built-in/ become strings of the program.
target_sources(picrelay_load PRIVATE
    ${CMAKE_CURRENT_LIST_DIR}/fields.c
    ${CMAKE_CURRENT_LIST_DIR}/scenario.c
)
file(GLOB scenario_files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/built-in/*.yaml)
set(scenario_texts "")
set(scenario_rows "")
foreach(file ${scenario_files})
    get_filename_component(name ${file} NAME_WE)
    string(MAKE_C_IDENTIFIER ${name} id)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1, " bytes "${bytes}")
    string(APPEND scenario_texts "static const char ${id}[] = {${bytes}};\n")
    string(APPEND scenario_rows "        {\"${name}\", ${id}, sizeof(${id})},\n")
endforeach()
configure_file(${CMAKE_CURRENT_LIST_DIR}/builtin.c.in ${CMAKE_CURRENT_BINARY_DIR}/scenario_builtin.c @ONLY)
target_sources(picrelay_load PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/scenario_builtin.c)
