/* Passwords and what htpasswd -B -C 4 and crypt(3) make of them; and the headers that show them. */
#pragma once

#define HASH_OF_SECRET "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
#define HASH_OF_OTHER  "$2y$04$......................ihqWR5MPTQ.vdPo4V5b6powaL1OAEka"
#define HASH_OF_WORDS  "$2b$04$ABCDEFGHIJKLMNOPQRSTUubyBEUCvFt2vWUwClpWRM6pi15rTPgay" /* pass:w\xc3\xb6rd */
#define HASH_OF_EMPTY  "$2y$04$zyxwvutsrqponmlkjihgfegqtFzehKxsKXpkfUK8h7vC19esTTUBy"

#define ADA_SECRET    "Basic YWRhOnNlY3JldA=="
#define ADA_WRONG     "Basic YWRhOndyb25n"
#define BOB_OTHER     "Basic Ym9iOm90aGVy"
#define NOBODY_SECRET "Basic bm9ib2R5OnNlY3JldA=="
#define EVE_WORDS     "Basic ZXZlOnBhc3M6d8O2cmQ="
#define MUTE_EMPTY    "Basic bXV0ZTo="
