----------------------------- MODULE Deadlines -----------------------------
(***************************************************************************)
(* The records of overdue workflows: one for each due date of a workflow   *)
(* that passed while it was open, whatever sweeps do at once and again.    *)
(* The index says which workflows may be due, and the log decides. The     *)
(* stream hands each record to a publisher until that has its answer.      *)
(*                                                                         *)
(* One workflow is enough: no step asks for anything of another.           *)
(*                                                                         *)
(* Left out: quarantines, which do not matter to a sweep; how far a walk   *)
(* has come, which only says what is looked at first; the read of records  *)
(* that are there, which only saves looks.                                 *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

CONSTANTS
    Sweeps,     \* concurrent invocations of sweep-deadlines, each as often as it likes
    Dues,       \* due dates: 1, 2 and so on
    Changes,    \* how often the workflow is amended or moved at most
    Mutant      \* "none", or the one thing that is done wrong

VARIABLES
    now,        \* due dates up to this one have passed
    head,       \* the workflow at its newest version: whether it is open, and its due date or 0
    changes,    \* how often it was changed
    entry,      \* the same as the index has it
    kept,       \* by due date: the id of its record in the log, or 0
    untold,     \* records that the publisher has yet to answer
    bus,        \* events that the bus has accepted: <<due date, id>>
    work        \* by sweep: what it does next

vars == <<now, head, changes, entry, kept, untold, bus, work>>

Idle == [at |-> "idle"]
IsDue(workflow, due) == workflow.open /\ workflow.due = due /\ due \in 1..now

Init ==
    /\ now = 0 /\ changes = 0
    /\ head = [open |-> TRUE, due |-> 1] /\ entry = head
    /\ kept = [due \in Dues |-> 0] /\ untold = {} /\ bus = {}
    /\ work = [s \in Sweeps |-> Idle]

-----------------------------------------------------------------------------
Pass == now < Cardinality(Dues) /\ now' = now + 1 /\ UNCHANGED <<head, changes, entry, kept, untold, bus, work>>

(* AmendWorkflow, and the last move. *)
Change ==
    /\ changes < Changes /\ head.open
    /\ \/ \E due \in Dues \cup {0} : due # head.due /\ head' = [head EXCEPT !.due = due]
       \/ head' = [head EXCEPT !.open = FALSE]
    /\ changes' = changes + 1
    /\ UNCHANGED <<now, entry, kept, untold, bus, work>>

IndexAdvanced == entry # head /\ entry' = head /\ UNCHANGED <<now, head, changes, kept, untold, bus, work>>

(* A part of the walk over the index names the workflow as due. *)
Walk(s) ==
    /\ work[s] = Idle
    /\ IsDue(entry, entry.due)
    /\ work' = [work EXCEPT ![s] =
            [at |-> IF Mutant = "looks-only-at-the-index" THEN "record" ELSE "look", due |-> entry.due]]
    /\ UNCHANGED <<now, head, changes, entry, kept, untold, bus>>

(* The newest version says whether it is. *)
Look(s) ==
    /\ work[s].at = "look"
    /\ work' = [work EXCEPT ![s] = IF IsDue(head, work[s].due) THEN [@ EXCEPT !.at = "record"] ELSE Idle]
    /\ UNCHANGED <<now, head, changes, entry, kept, untold, bus>>

Fresh == CHOOSE id \in 1..(2 * Cardinality(Sweeps)) : \A due \in Dues : kept[due] # id /\ <<due, id>> \notin bus

(* PutItem of the record, attribute_not_exists(pk). Without an answer it may be there as well, and a later sweep tries
   again. *)
RecordOverdue(s) ==
    /\ work[s].at = "record"
    /\ LET due == work[s].due IN
        IF kept[due] = 0 \/ Mutant = "records-without-condition"
        THEN kept' = [kept EXCEPT ![due] = Fresh] /\ untold' = untold \cup {<<due, Fresh>>}
        ELSE UNCHANGED <<kept, untold>>
    /\ work' = [work EXCEPT ![s] = Idle]
    /\ UNCHANGED <<now, head, changes, entry, bus>>

SweepDies(s) == work[s] # Idle /\ work' = [work EXCEPT ![s] = Idle] /\ UNCHANGED <<now, head, changes, entry, kept, untold, bus>>

(* The publisher puts the event of a record, and answers the record or has it again. *)
PublishOverdue ==
    /\ \E record \in untold :
        /\ bus' = IF Mutant = "answers-what-the-bus-has-not" THEN bus ELSE bus \cup {record}
        /\ untold' = untold \ {record}
    /\ UNCHANGED <<now, head, changes, entry, kept, work>>
PublisherDies ==
    /\ \E record \in untold : record \notin bus /\ bus' = bus \cup {record}
    /\ UNCHANGED <<now, head, changes, entry, kept, untold, work>>

Next ==
    \/ Pass \/ Change \/ IndexAdvanced \/ PublishOverdue \/ PublisherDies
    \/ \E s \in Sweeps : Walk(s) \/ Look(s) \/ RecordOverdue(s) \/ SweepDies(s)

Spec == Init /\ [][Next]_vars

(* Some sweep comes to its end, time and again. *)
FairSpec ==
    /\ Spec
    /\ WF_vars(IndexAdvanced) /\ WF_vars(PublishOverdue)
    /\ \A s \in Sweeps : SF_vars(Walk(s)) /\ SF_vars(Look(s)) /\ SF_vars(RecordOverdue(s))

-----------------------------------------------------------------------------
(* A due date of a workflow has one event, and that is its record's. *)
OneEvent == \A event \in bus : kept[event[1]] = event[2]

(* What is recorded was so when the log was read: the workflow was open, and that due date had passed. *)
OnlyTheOverdue ==
    [][\A s \in Sweeps : work[s].at # "record" /\ work'[s].at = "record" => IsDue(head, work'[s].due)]_work

(* A workflow that stays overdue has its event in the end. *)
OverdueIsTold == \A due \in Dues : IsDue(head, due) ~> ~IsDue(head, due) \/ \E event \in bus : event[1] = due
=============================================================================
