------------------------------- MODULE Terms -------------------------------
(***************************************************************************)
(* How workflows are found by a label: hints beside the entries of the     *)
(* index. A reader takes the workflows that the hints of a label name, and *)
(* keeps those whose entry has the label. So a hint without its label is   *)
(* harmless, and an entry that has a label without its hint is not found.  *)
(*                                                                         *)
(* One workflow and one label are enough: a hint is an item for each label *)
(* of each workflow, and no step asks for anything of another.             *)
(*                                                                         *)
(* An action is one write of an item, or one read. A writer may stop after *)
(* each, for ever or for long: then what it does next is late. That a      *)
(* request is carried out after its sender has given up is the same. That  *)
(* an answer is lost after which a writer removes nothing only leaves a    *)
(* hint.                                                                   *)
(*                                                                         *)
(* Left out:                                                               *)
(* - The mark of a quarantine. It is a hint that no writer removes.        *)
(* - A writer that is still at work on what it decided before the entry    *)
(*   that goes back was written. A writer works for seconds; before an     *)
(*   entry goes back, its version is published and made unreadable, that   *)
(*   is found, and a person releases it.                                   *)
(* - An entry that is lost while a hint of it is being put or removed. No  *)
(*   function removes one; an operator's command does, and a rebuild after *)
(*   it puts every hint.                                                   *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, TLC

CONSTANTS
    Writers,    \* publishers, recoveries and releases that write to the index
    Last,       \* the newest version in the log
    Backs,      \* how often a writer puts an entry back to an earlier version
    Mutant      \* "none", or the one thing that is done wrong

VARIABLES
    labelled,   \* the versions that have the label
    gone,       \* versions that cannot be read any more
    entry,      \* the version of the workflow's entry; 0 is no entry
    hint,       \* the newest version for which the hint was put; 0 is no hint
    work,       \* by writer: what it does next
    backs       \* how often the entry was put back

vars == <<labelled, gone, entry, hint, work, backs>>

Versions == 1..Last

(* `done` is the version up to which a writer has brought the index, 0 when it has yet to read the entry. *)
Idle(done) == [at |-> "idle", done |-> done]

Init ==
    /\ labelled \in SUBSET Versions
    /\ gone = {} /\ entry = 0 /\ hint = 0 /\ backs = 0
    /\ work = [p \in Writers |-> Idle(0)]

-----------------------------------------------------------------------------
(* A publisher or a recovery brings the entry forward to a version, on condition that the entry is before it. The hint is
   put first, unless every version has had the label since the entry that was read, that one and this one included: then
   no writer removes the hint for one of them. *)
Begin(p) ==
    /\ work[p].at = "idle"
    /\ \E from \in {entry, work[p].done}, to \in Versions \ gone :
        /\ from < to
        /\ LET since == IF Mutant = "compares-only-the-ends" THEN {from, to} ELSE {from} \cup ((from..to) \ gone)
               kept  == from > 0 /\ since \subseteq labelled
               first == IF Mutant = "puts-the-hint-after-the-entry" THEN "entry" ELSE "hint"
           IN  work' = [work EXCEPT ![p] =
                    [at |-> IF to \in labelled /\ ~kept THEN first ELSE "entry", to |-> to, of |-> to, seen |-> from,
                     repairs |-> FALSE]]
    /\ UNCHANGED <<labelled, gone, entry, hint, backs>>

(* A repair puts the entry to any version, on condition that it is as it was read. It puts it to an earlier one when those
   after that cannot be read any more, which are not published again. The writer of the version that it replaces may still
   be removing hints: so its hint counts as put for that version. Writers that began before that one are not at work any
   more when an entry goes back. *)
BeganBefore(q) ==
    CASE work[q].at = "idle"   -> work[q].done # entry
      [] work[q].at = "remove" -> work[q].to # entry
      [] OTHER                 -> work[q].seen # entry

BeginRepair(p) ==
    /\ work[p].at = "idle"
    /\ entry > 0
    /\ \E to \in Versions \ gone :
        LET back  == to < entry
            of    == IF back /\ Mutant # "goes-back-with-an-earlier-hint" THEN entry ELSE to
            first == IF to \in labelled THEN "hint" ELSE "entry"
        IN  /\ back => backs < Backs /\ \A q \in Writers : BeganBefore(q) => work[q].at = "idle"
            /\ backs' = IF back THEN backs + 1 ELSE backs
            /\ gone' = IF back THEN gone \cup ((to + 1)..entry) ELSE gone
            /\ work' = [q \in Writers |->
                CASE q = p                    -> [at |-> first, to |-> to, of |-> of, seen |-> entry, repairs |-> TRUE]
                  [] back /\ BeganBefore(q) -> Idle(0)
                  [] OTHER                    -> work[q]]
    /\ UNCHANGED <<labelled, entry, hint>>

(* PutItem: attribute_not_exists(pk) OR version < :version. *)
PutHint(p) ==
    /\ work[p].at = "hint"
    /\ hint' = IF hint < work[p].of \/ Mutant = "puts-the-hint-back" THEN work[p].of ELSE hint
    /\ work' = [work EXCEPT ![p] =
            IF Mutant = "puts-the-hint-after-the-entry" THEN Idle(0) ELSE [@ EXCEPT !.at = "entry"]]
    /\ UNCHANGED <<labelled, gone, entry, backs>>

(* PutItem of the entry. What it replaced comes with the answer. A writer that finds another's entry knows nothing of the
   hints of that one, and goes on as if it had read none. *)
PutEntry(p) ==
    /\ work[p].at = "entry"
    /\ LET to      == work[p].to
           repairs == work[p].repairs
           holds   == IF repairs THEN entry = work[p].seen ELSE entry < to
           late    == Mutant = "puts-the-hint-after-the-entry" /\ to \in labelled
           removes == entry \in labelled /\ to \notin labelled
       IN  /\ entry' = IF holds THEN to ELSE entry
           /\ work' = [work EXCEPT ![p] =
                CASE holds /\ late    -> [@ EXCEPT !.at = "hint"]
                  [] holds /\ removes -> [@ EXCEPT !.at = "remove"]
                  [] OTHER            -> Idle(IF ~repairs /\ (holds \/ Mutant = "goes-on-from-anothers-entry") THEN to ELSE 0)]
    /\ UNCHANGED <<labelled, gone, hint, backs>>

(* DeleteItem: version < :version. *)
RemoveHint(p) ==
    /\ work[p].at = "remove"
    /\ hint' = IF hint < work[p].to \/ Mutant = "removes-without-condition" THEN 0 ELSE hint
    /\ work' = [work EXCEPT ![p] = Idle(@.to)]
    /\ UNCHANGED <<labelled, gone, entry, backs>>

Next == \E p \in Writers : Begin(p) \/ BeginRepair(p) \/ PutHint(p) \/ PutEntry(p) \/ RemoveHint(p)

Spec == Init /\ [][Next]_vars

Alike == Permutations(Writers)

-----------------------------------------------------------------------------
(* An entry that has the label is found by it. *)
HintsComplete == entry \in labelled => hint > 0
=============================================================================
