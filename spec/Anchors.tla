------------------------------ MODULE Anchors ------------------------------
(***************************************************************************)
(* The anchors of the log: each names the newest version of every workflow *)
(* with new entries and the entries beside the versions, and the anchor    *)
(* before it. An intruder may change the log, and has the signing key, so  *)
(* that the anchors can be made anew too. An auditor has looked at an      *)
(* anchor once and remembers it. What that one and those before it cover   *)
(* can then not vanish without being found.                                *)
(*                                                                         *)
(* One workflow is enough: anchors and comparison take them one by one.    *)
(* An id stands for a hash, and so does a whole history or a whole anchor  *)
(* for the hash of it.                                                     *)
(*                                                                         *)
(* Left out: an anchor that is interrupted; the next run ends it. Locks on *)
(* the store and signatures: they take possibilities from the intruder.    *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets

CONSTANTS
    Times,      \* how far the clock goes
    Late,       \* how long after its own time an entry may be written
    Entries,    \* how many entries there are at most
    Runs,       \* how many anchors
    Mutant      \* "none", or the one thing that is done wrong

VARIABLES
    now,
    begun,      \* entries on their way to the log
    versions,   \* the versions in the log, in order
    beside,     \* the entries beside them
    written,    \* what the service has ever written: <<number or 0, entry>>
    early,      \* what vanished before the auditor remembered an anchor that covers it
    anchors,    \* the anchors as they are kept
    seen,       \* the anchor that the auditor remembers, or None
    harmed      \* whether the intruder was there

vars == <<now, begun, versions, beside, written, early, anchors, seen, harmed>>

None == [until |-> 0, ran |-> 0, head |-> << >>, beside |-> {}, before |-> << >>]
Made == Cardinality(begun) + Cardinality(written)

Init ==
    /\ now = 1
    /\ begun = {} /\ versions = << >> /\ beside = {} /\ written = {} /\ early = {}
    /\ anchors = << >> /\ seen = << >> /\ harmed = FALSE

-----------------------------------------------------------------------------
(* What nobody waits for any more is not written: a call has a deadline. *)
Pass ==
    /\ now < Times
    /\ now' = now + 1
    /\ begun' = {entry \in begun : entry.at + Late >= now + 1}
    /\ UNCHANGED <<versions, beside, written, early, anchors, seen, harmed>>

(* An entry has its own time, which is when it was decided. *)
Decide ==
    /\ Made < Entries
    /\ begun' = begun \cup {[id |-> Made + 1, at |-> now]}
    /\ UNCHANGED <<now, versions, beside, written, early, anchors, seen, harmed>>

Write ==
    /\ \E entry \in begun :
        /\ begun' = begun \ {entry}
        /\ \/ versions' = Append(versions, entry) /\ beside' = beside /\ written' = written \cup {<<Len(versions) + 1, entry>>}
           \/ beside' = beside \cup {entry} /\ versions' = versions /\ written' = written \cup {<<0, entry>>}
    /\ UNCHANGED <<now, early, anchors, seen, harmed>>

-----------------------------------------------------------------------------
Last == IF anchors = << >> THEN None ELSE anchors[Len(anchors)]

(* What an anchor after this one says of the log as it is now, if it covers the log up to this time. *)
Naming(before, until) ==
    LET since    == IF Mutant = "goes-on-from-the-run" THEN before.ran ELSE before.until
        within   == {entry \in {versions[i] : i \in 1..Len(versions)} : since < entry.at /\ entry.at <= until}
        entries  == {entry \in beside : since < entry.at /\ entry.at <= until}
    IN  [until  |-> until,
         ran    |-> now,
         head   |-> IF within = {} THEN << >> ELSE versions,
         beside |-> IF Mutant = "names-versions-only" THEN {} ELSE entries,
         before |-> IF Mutant = "follows-from-nothing" \/ before = None THEN << >> ELSE <<before>>]

(* It covers what can no longer come. *)
Settled == IF Mutant = "does-not-wait-for-the-late" THEN now ELSE IF now > Late + 1 THEN now - Late - 1 ELSE 0

AnchorHeads ==
    /\ Len(anchors) < Runs
    /\ Settled > Last.until
    /\ anchors' = Append(anchors, Naming(Last, Settled))
    /\ UNCHANGED <<now, begun, versions, beside, written, early, seen, harmed>>

IsBeginning(some, all) == Len(some) <= Len(all) /\ \A i \in 1..Len(some) : some[i] = all[i]

(* What the comparison of the log, the anchors and the one that is remembered finds. *)
Follows(i) == anchors[i].before = IF Mutant = "follows-from-nothing" \/ i = 1 THEN << >> ELSE <<anchors[i - 1]>>
Named(i) ==
    /\ anchors[i].beside \subseteq beside
    /\ IF Mutant = "wants-the-head-to-be-the-newest"
       THEN anchors[i].head \in {<< >>, versions}
       ELSE IsBeginning(anchors[i].head, versions)
Found ==
    \/ \E i \in 1..Len(anchors) : ~Follows(i) \/ ~Named(i)
    \/ seen # << >> /\ ~\E i \in 1..Len(anchors) : anchors[i] = seen[1]

(* The auditor compares, and remembers the newest anchor when nothing is found. *)
Remember ==
    /\ anchors # << >> /\ ~Found
    /\ seen' = <<Last>>
    /\ UNCHANGED <<now, begun, versions, beside, written, early, anchors, harmed>>

-----------------------------------------------------------------------------
(* The intruder. *)
IsThere(x) == IF x[1] = 0 THEN x[2] \in beside ELSE x[1] <= Len(versions) /\ versions[x[1]] = x[2]
Covered(x) == seen # << >> /\ x[2].at <= seen[1].until

Harms(newVersions, newBeside) ==
    /\ versions' = newVersions /\ beside' = newBeside
    /\ harmed' = TRUE
    /\ early' = early \cup {x \in written : ~IsThere(x)' /\ ~Covered(x)}
    /\ UNCHANGED <<now, begun, written, anchors, seen>>

CutEnd      == \E n \in 0..Len(versions) : n < Len(versions) /\ Harms(SubSeq(versions, 1, n), beside)
RemoveEntry == \E entry \in beside : Harms(versions, beside \ {entry})

(* Another history in the place of this one, from some version on: its chain is as good. *)
ForgeHistory ==
    \E n \in 1..Len(versions) :
        Harms([i \in 1..Len(versions) |-> IF i < n THEN versions[i] ELSE [versions[i] EXCEPT !.id = 0]], beside)

(* An anchor is made anew to fit the log as it is, and is signed. Those after it can be made anew too. *)
ForgeAnchor ==
    /\ harmed
    /\ \E i \in 1..Len(anchors) :
        LET before == IF i = 1 THEN None ELSE anchors[i - 1]
        IN  anchors' = [anchors EXCEPT ![i] = [Naming(before, anchors[i].until) EXCEPT !.ran = anchors[i].ran]]
    /\ UNCHANGED <<now, begun, versions, beside, written, early, seen, harmed>>

Next ==
    \/ Pass \/ Decide \/ Write \/ AnchorHeads \/ Remember
    \/ CutEnd \/ RemoveEntry \/ ForgeHistory \/ ForgeAnchor

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* What the remembered anchor covers is there, or its loss is found: a cut end, a removed entry, a history made anew. *)
AnchoredIsFound == \A x \in written \ early : Covered(x) /\ ~IsThere(x) => Found

(* Nothing is found in a log that only the service has written. *)
NoFalseAlarm == Found => harmed
=============================================================================
