# Language, warnings and hardening, the same for every target.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

option(PICRELAY_WERROR "Treat warnings as errors" ON)
set(PICRELAY_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them (address,undefined or thread)")
option(PICRELAY_FUZZ "Build the libFuzzer targets (clang only)" OFF)

add_compile_definitions(_GNU_SOURCE)
add_compile_options(-Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
                    -Wvla -Wformat=2 -Wundef -Wpointer-arith -fno-common)
if(PICRELAY_WERROR)
    add_compile_options(-Werror)
endif()

if(PICRELAY_SANITIZE)
    add_compile_options(-fsanitize=${PICRELAY_SANITIZE} -fno-omit-frame-pointer
                        -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${PICRELAY_SANITIZE})
else()
    # threat model, section 6: PIE, full RELRO, stack protection, fortified libc calls
    add_compile_options(-fstack-protector-strong)
    if(CMAKE_BUILD_TYPE MATCHES "Rel")
        add_compile_definitions(_FORTIFY_SOURCE=2)
    endif()
    add_link_options(-Wl,-z,relro,-z,now)
endif()
include(CheckPIESupported)
check_pie_supported()
if(PICRELAY_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
