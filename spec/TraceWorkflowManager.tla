----------------------- MODULE TraceWorkflowManager -----------------------
(***************************************************************************)
(* Whether what the code did is a behaviour of WorkflowManager.            *)
(*                                                                         *)
(* A trace is what was seen of one workflow in one run: who asked what,    *)
(* what the ports of the operations were asked and answered, what the bus  *)
(* delivered, and what the stores held at the end. Each line is one step   *)
(* of the specification, or says something of its state. Between two lines *)
(* the effects that are in flight may take place: a line says when a call  *)
(* of a port began and when it was answered, and what it asked for         *)
(* happened in between; when it was not answered, some time or never. So   *)
(* TLC looks for one order of the effects that explains all lines.         *)
(*                                                                         *)
(* One workflow is enough: no step of the specification of one workflow    *)
(* asks for anything of another, so a behaviour of several is one of each. *)
(* That entries of one PutEvents call wait for one another only takes      *)
(* behaviours away.                                                        *)
(*                                                                         *)
(* Two things a line cannot know when it is written, and says nevertheless *)
(* because the recording is read when it is over: what a call did after it *)
(* had read (`then`), and whether a refusal without an answer was kept.    *)
(* They save TLC from following what did not happen.                       *)
(*                                                                         *)
(* A turn of a recovery that does something is a recovery of its own: in   *)
(* the specification one may look again at any time, and what a turn left  *)
(* behind may still happen while the next one is at work. Turns that may   *)
(* append the same version (`e`) made it together: it is there once.       *)
(*                                                                         *)
(* What only happens where a version was made unreadable, a line says in   *)
(* fields and lines of its own (`base`, `resumes`, `harm`, `back-begin`,   *)
(* `back-end`); without them it says that nothing of the kind happened.    *)
(***************************************************************************)
EXTENDS WorkflowManager, Integers, TLC

CONSTANTS
    Traces,     \* what was recorded: a sequence of [calls, turns, releases, altered, lines]
    CallsMax,   \* how many calls the longest has; likewise publishers, and turns of recoveries
    PublishersMax,
    TurnsMax,
    Telling     \* whether to print how far a trace is explained

VARIABLES
    run,        \* which trace
    at,         \* its next line
    flying      \* calls of ports that were begun and whose effect is outstanding: <<who, what>>

traceVars == <<run, at, flying>>

W == CHOOSE w \in Workflows : TRUE

Call(i) == <<"call", i>>
Publisher(i) == <<"publisher", i>>
Subscriber(i) == <<"subscriber", i>>
Recovery(i) == <<"recovery", i>>    \* the i-th turn of all recoveries
Person(i) == <<"person", i>>        \* the i-th release
Back(i) == <<"back", i>>            \* the i-th time that a release takes the index back

(* In a line a recovery's number is negative. *)
Doer(x)    == IF x < 0 THEN Recovery(-x) ELSE Call(x)
Carrier(x) == IF x < 0 THEN Recovery(-x) ELSE Publisher(x)

TraceCalls == {Call(i) : i \in 1..CallsMax}
TracePublishers == {Publisher(i) : i \in 1..PublishersMax}
TraceSubscribers == {Subscriber(1)}
TraceRecoveries == {Recovery(i) : i \in 1..TurnsMax}
TraceFresh(r, w) == r    \* a turn appends once
NoPast == [w \in Workflows |-> << >>]

Info(c) == Traces[run].calls[c[2]]
Lines   == Traces[run].lines
Line    == Lines[at]
Turn(r) == Traces[run].turns[r[2]]
Released(p)  == Traces[run].releases[p[2]]

(* Whether an id is that of an event: nothing's, a call's, or that of turns that made it together. *)
Is(id, e) ==
    CASE e = 0 -> id = Genesis
      [] e > 0 -> id = Call(e)
      [] OTHER -> \E i \in 1..Len(Traces[run].turns) : Traces[run].turns[i].e = -e /\ id = Recovery(i)

-----------------------------------------------------------------------------
(* What a call decides from what it reads. *)

(* Requests with one idempotency key are one request of the specification: the key of the first that came as far as to
   append. Else a request that has two effects would pass for two requests. *)
Before(c) == {d \in {Call(i) : i \in Info(c).same} : "put" \in DOMAIN work[d]}
KeyOf(c)  == IF Before(c) = {} THEN c ELSE work[CHOOSE d \in Before(c) : TRUE].put.version.key

(* CreateWorkflow(c) and RequestStateTransition(c) with the request that was made, which is one of Requests. *)
Decide(c) ==
    LET create == Info(c).kind = "create"
        kind   == IF create THEN "WorkflowCreated" ELSE "WorkflowStateChanged"
        q      == [w |-> W, kind |-> kind, to |-> Info(c).to, key |-> KeyOf(c)]
    IN
    /\ \A d \in Before(c) : work[d].put.version.key = q.key /\ work[d].put.version.kind = kind /\ work[d].put.version.to = q.to
    /\ q.to \in Targets
    /\ Decides(c, IF create THEN CreationOutcomes(q, c)
                  ELSE TransitionOutcomes(q, c, NewestSeen(c, W), RecordSeen(c, W)))
    /\ work'[c].at = Info(c).then

-----------------------------------------------------------------------------
(* What happens between two lines. *)

(* A read sees the log as it is at some moment between its beginning and its end; so does the read of the record of
   quarantines that is made beside it, and either may come first. *)
BaseSeen(c) == IF "base" \in DOMAIN Info(c) THEN Info(c).base ELSE Info(c).n
SeesNewest(c) ==
    /\ Len(log[W]) = Info(c).n
    /\ Base(W, Info(c).n) = BaseSeen(c)
    /\ Is(IdAt(W, BaseSeen(c)), Info(c).e)
SeesRecord(found, released) ==
    Cardinality(quarantine[W].found) = found /\ Cardinality(quarantine[W].released) = released

Look(c) ==
    LET left == {f \in flying : f[1] = c /\ f[2] \in {"read", "record"}} IN
    /\ left # {}
    /\ <<c, "read">> \in left => SeesNewest(c)
    /\ <<c, "record">> \in left => SeesRecord(Info(c).found, Info(c).released)
    /\ IF Info(c).kind = "look" THEN UNCHANGED vars ELSE Decide(c)
    /\ flying' = flying \ left

SeeFirst(c) ==
    /\ {<<c, "read">>, <<c, "record">>} \subseteq flying
    /\ LookAhead(c, W)
    /\ IF "record" \in DOMAIN work'[c]
       THEN SeesRecord(Info(c).found, Info(c).released) /\ flying' = flying \ {<<c, "record">>}
       ELSE SeesNewest(c) /\ flying' = flying \ {<<c, "read">>}

Commit(c) ==
    /\ <<c, "append">> \in flying
    /\ AppendUnheard(c)
    /\ flying' = flying \ {<<c, "append">>}

(* The entry of a call in flight. That the bus has the event already would change nothing, unless it is said next. *)
Take(p) ==
    /\ <<p, "put">> \in flying
    /\ \/ Event(W, carry[p][W].next) \notin bus
       \/ Line.k = "put-end" /\ Carrier(Line.x) = p /\ Line.r = "ok"
    /\ EntryAccepted(p, W)
    /\ UNCHANGED flying

Advance(p) ==
    /\ <<p, "advance">> \in flying
    /\ index[W].version < carry[p][W].done
    /\ IndexAdvanced(p, W)
    /\ flying' = flying \ {<<p, "advance">>}

(* Who publishes reads what is next in the log at some time before it puts that, and not when it has read the index. *)
Fetch ==
    \E k \in Carriers :
        /\ W \in DOMAIN carry[k]
        /\ <<k, "put">> \notin flying /\ carry[k][W].entry \in {"open", "end", "dead"}
        /\ LET lane  == carry[k][W]
               again == Reading(W, lane.told, lane.done, lane.last)
           IN  again # lane /\ carry' = [carry EXCEPT ![k][W] = again]
        /\ UNCHANGED <<log, altered, quarantine, refusals, index, doorbells, bus, work, latePuts, lateEntries, applied, held>>
        /\ UNCHANGED <<calm, flying>>

(* A turn of a recovery looks, and finds a failed workflow to bring back at this version, or events to publish from
   here to there. A turn that did not come to its end does not tell how far it was to go. *)
LookAfter(r) ==
    /\ <<r, "look">> \in flying
    /\ IF Turn(r).does = "publish"
       THEN /\ Republish(r, W)
            /\ carry'[r][W].next = Turn(r).v + 1
            /\ IF Turn(r).n = 0 THEN carry'[r][W].last >= Turn(r).past ELSE carry'[r][W].last = Turn(r).n
       ELSE BringBack(r, W) /\ Len(log[W]) = Turn(r).v
    /\ flying' = flying \ {<<r, "look">>}

AssessFirst(r) == <<r, "look">> \in flying /\ Traces[run].altered /\ AssessWorkflow(r, W) /\ UNCHANGED flying

(* A break is known by the version and the number of the alteration that left it. *)
Has(breaks, x) == \E b \in breaks : b[1] = x.v /\ b[2] = x.n

Quarantine(r) ==
    /\ <<r, "quarantine">> \in flying
    /\ QuarantineWorkflow(r, W)
    /\ Has(quarantine'[W].found, Turn(r))
    /\ flying' = flying \ {<<r, "quarantine">>}

Release(p) ==
    /\ <<p, "release">> \in flying
    /\ ReleaseWorkflow(W)
    /\ quarantine'[W].released = quarantine[W].released \cup quarantine'[W].named
    /\ quarantine'[W].named \ quarantine[W].named = {b \in InForce(W) : b[1] = Released(p).v /\ b[2] = Released(p).n}
    /\ flying' = flying \ {<<p, "release">>}

TakeBack(p) ==
    /\ <<p, "back">> \in flying
    /\ TakeIndexBack(W)
    /\ flying' = flying \ {<<p, "back">>}

Between ==
    /\ at <= Len(Lines)
    /\ UNCHANGED <<run, at>>
    /\ \/ \E f \in flying :
            \/ Look(f[1]) \/ SeeFirst(f[1]) \/ Commit(f[1]) \/ Take(f[1]) \/ Advance(f[1])
            \/ LookAfter(f[1]) \/ AssessFirst(f[1]) \/ Quarantine(f[1]) \/ Release(f[1]) \/ TakeBack(f[1])
       \/ Fetch
       \/ AppendLate /\ UNCHANGED flying
       \/ EntryLate /\ UNCHANGED flying

-----------------------------------------------------------------------------
(* The lines. *)

Begin(who, what) == flying' = flying \cup {<<who, what>>}
End(who, what)   == flying' = flying \ {<<who, what>>}
Says(holds)      == holds /\ UNCHANGED vars

AppendBegins(c) ==
    LET put == work[c].put IN
    /\ work[c].at = "append"
    /\ Says(/\ put.n = Line.v
            /\ put.version.id = c
            /\ put.version.from = Line.from
            /\ put.version.to = Line.to
            /\ put.version.kind = Line.r
            /\ Is(put.version.prev, Line.e)
            /\ put.version.resumes = IF "resumes" \in DOMAIN Line THEN Line.resumes ELSE << >>)

AppendEnds(c) ==
    CASE Line.r = "ok" ->
            /\ IF <<c, "append">> \in flying THEN AppendCommitted(c) ELSE AppendRefused(c)
            /\ work'[c].at = "accepted" /\ work'[c].put.version.id = c
      [] Line.r = "taken" ->
            /\ <<c, "append">> \in flying
            /\ AppendRefused(c)
            /\ Is(log[W][work[c].put.n].id, Line.e) /\ ~Is(c, Line.e)
      [] OTHER -> AppendAbandoned(c)

(* It is there once, by this turn or by an earlier one whose append it repeats. Without an answer it may be there still. *)
RecoveryAppendEnds(r) ==
    CASE Line.r = "ok" ->
            /\ AppendCommitted(r) \/ AppendRefused(r)
            /\ Is(log'[W][work[r].put.n].id, -Turn(r).e)
            /\ End(r, "append")
      [] Line.r = "taken" ->
            /\ AppendRefused(r)
            /\ Is(log[W][work[r].put.n].id, Line.e) /\ Line.e # -Turn(r).e
            /\ End(r, "append")
      [] OTHER -> UNCHANGED <<vars, flying>>

RefusalEnds(c) ==
    IF Line.r = "ok" THEN RecordRefusal(c)
    ELSE RefusalUnheard(c) /\ (c \in refusals' <=> Line.r = "kept unheard")

(* What the caller is told is what became of its call. *)
Tells(c) ==
    CASE Line.r = "accepted" -> work[c].at = "accepted" /\ work[c].put.n = Line.v
      [] Line.r = "standing" -> <<c, "read">> \notin flying /\ BaseSeen(c) = Line.v
      [] Line.r = "conflict" -> work[c].at = "conflict" /\ Line.v <= Len(log[W])
      [] Line.r = "not-found" -> IF Info(c).kind = "look" THEN Info(c).n = 0 ELSE work[c].at = "not-found"
      [] Line.r = "storage-unavailable" -> work[c].at \in {"unavailable", "unknown"}
      [] Line.r = "rules-unavailable" -> work[c].at = "unavailable"
      [] OTHER -> work[c].at = Line.r

(* An index that says this, or did before a release took it back. *)
Said(v) == v \in MayHaveSaid(W)

Rings(p) ==
    IF Line.e >= Line.v
    THEN Says(Said(Line.e))
    ELSE PublishEvents(p, W) /\ carry'[p][W].told = Line.e /\ carry'[p][W].last = Line.v

PutBegins(p) ==
    /\ W \in DOMAIN carry[p]
    /\ carry[p][W].next = Line.v /\ carry[p][W].entry = "open"
    /\ Line.v <= Len(log[W]) /\ Is(log[W][Line.v].id, Line.e)
    /\ UNCHANGED vars

(* A refused entry may be on the bus: the SDK tries a call again whose answer it did not get. *)
PutEnds(p) == IF Line.r = "ok" THEN carry[p][W].entry = "accepted" /\ PutAnswered(p) ELSE PutUnheard(p)

AdvanceBegins(p) ==
    W \in DOMAIN carry[p] /\ carry[p][W].done = Line.v /\ carry[p][W].told < Line.v /\ UNCHANGED vars

AdvanceEnds(p) == IF Line.r = "ok" /\ <<p, "advance">> \in flying THEN IndexAdvanced(p, W) ELSE UNCHANGED vars

(* The event of this version, and the bus has it. *)
IsOnBus(v, e) == v <= Len(log[W]) /\ Is(log[W][v].id, e) /\ Event(W, v) \in bus

Delivers(s) ==
    LET event == Event(W, Line.v) IN
    /\ IsOnBus(Line.v, Line.e)
    /\ IF event.v > Stands(s, W) /\ event \notin held[s]
       THEN DeliverEvent(s, event) /\ Len(applied'[s][W]) = Line.n
       ELSE Says(Len(applied[s][W]) = Line.n)

(* From this version on the log has these. *)
Holds(v, s) == \A i \in 1..Len(s) : v + i - 1 <= Len(log[W]) /\ Is(log[W][v + i - 1].id, s[i])

(* What an entry of the record of quarantines is about. Without an answer it may be there still, or come late. *)
EntryEnds(who, what, there) ==
    IF Line.r = "ok" THEN Says(Has(there, Line)) /\ End(who, what) ELSE UNCHANGED <<vars, flying>>

HarmDone == IF "harm" \in DOMAIN Line THEN Line.harm ELSE "altered"

(* These versions appeared on the bus first in this order. Each version that one of them has passed over was released as
   unreadable; it may have come later. *)
Appeared(s) ==
    /\ {event.v : event \in bus} = {s[i] : i \in 1..Len(s)}
    /\ \A i \in 1..Len(s) : (1..(s[i] - 1)) \ {s[j] : j \in 1..(i - 1)} \subseteq WasReleased(W)

Explained ==
    LET x == Line.x IN
    CASE Line.k = "create"        -> Decide(Call(x)) /\ UNCHANGED flying
      [] Line.k = "read-begin"    -> Says(TRUE)
                                     /\ flying' = flying \cup ({<<Call(x), "read">>} \cup
                                            (IF Info(Call(x)).beside THEN {<<Call(x), "record">>} ELSE {}))
      [] Line.k = "read-end"      -> Says(<<Call(x), "read">> \notin flying) /\ UNCHANGED flying
      [] Line.k = "record-end"    -> Says(<<Call(x), "record">> \notin flying) /\ UNCHANGED flying
      [] Line.k = "append-begin"  -> AppendBegins(Doer(x)) /\ Begin(Doer(x), "append")
      [] Line.k = "append-end"    -> IF x < 0 THEN RecoveryAppendEnds(Doer(x)) ELSE AppendEnds(Call(x)) /\ End(Call(x), "append")
      [] Line.k = "refusal-end"   -> RefusalEnds(Call(x)) /\ UNCHANGED flying
      [] Line.k = "told"          -> Says(Tells(Call(x))) /\ UNCHANGED flying
      [] Line.k = "versions"      -> Says(Holds(Line.v, Line.s)) /\ UNCHANGED flying
      [] Line.k = "ring"          -> Rings(Publisher(x)) /\ UNCHANGED flying
      [] Line.k = "put-begin"     -> PutBegins(Carrier(x)) /\ Begin(Carrier(x), "put")
      [] Line.k = "put-end"       -> PutEnds(Carrier(x)) /\ End(Carrier(x), "put")
      [] Line.k = "advance-begin" -> AdvanceBegins(Carrier(x)) /\ Begin(Carrier(x), "advance")
      [] Line.k = "advance-end"   -> AdvanceEnds(Carrier(x))
                                     /\ (IF Line.r = "ok" THEN End(Carrier(x), "advance") ELSE UNCHANGED flying)
      [] Line.k = "answer"        -> carry[Publisher(x)][W].entry \in {"end", "dead"} /\ AnswerBatch(Publisher(x)) /\ UNCHANGED flying
      \* What is put again was published: nothing appears first by a replay.
      [] Line.k = "replayed"      -> Says((Line.v <= index[W].version \/ Said(Line.v)) /\ IsOnBus(Line.v, Line.e))
                                     /\ UNCHANGED flying
      \* Whoever reads the index sees at most what it says now; an entry that is put in order says no less.
      [] Line.k = "index-read"    -> Says(Said(Line.v)) /\ UNCHANGED flying
      [] Line.k = "repaired"      -> Says(Said(Line.v)) /\ UNCHANGED flying
      [] Line.k = "look-begin"    -> Says(TRUE) /\ Begin(Recovery(-x), "look")
      [] Line.k = "look-end"      -> Says(<<Recovery(-x), "look">> \notin flying) /\ UNCHANGED flying
      [] Line.k = "judged"        -> (IF Line.r = "allow" THEN RecoveryAllowed(Recovery(-x)) ELSE RecoveryDenied(Recovery(-x)))
                                     /\ UNCHANGED flying
      \* A no of the rules to a recovery is in the log once that was answered.
      [] Line.k = "kept"          -> Says(Line.n = 1) /\ UNCHANGED flying
      [] Line.k = "published"     -> RecoveryPublished(Recovery(-x)) /\ UNCHANGED flying
      [] Line.k = "quarantine-begin" -> Says(Has(altered[W] \cup quarantine[W].found, Line))
                                        /\ Begin(Recovery(-x), "quarantine")
      [] Line.k = "quarantine-end"   -> EntryEnds(Recovery(-x), "quarantine", quarantine[W].found)
      [] Line.k = "release-begin" -> Says(Has(quarantine[W].found, Line)) /\ Begin(Person(x), "release")
      [] Line.k = "release-end"   -> EntryEnds(Person(x), "release", quarantine[W].released)
      \* The index entry at a version that cannot be read is put back to this one. When it had changed, nothing happens.
      [] Line.k = "back-begin"    -> Says(\E v \in Unreadable(W) : Line.v = Base(W, v)) /\ Begin(Back(x), "back")
      [] Line.k = "back-end"      -> CASE Line.r = "ok"      -> Says(<<Back(x), "back">> \notin flying) /\ UNCHANGED flying
                                       [] Line.r = "changed" -> Says(<<Back(x), "back">> \in flying) /\ End(Back(x), "back")
                                       [] OTHER              -> UNCHANGED <<vars, flying>>
      [] Line.k = "alter"         -> AlterVersion(W) /\ <<Line.v, Line.n, HarmDone>> \in altered'[W] /\ UNCHANGED flying
      [] Line.k = "deliver"       -> Delivers(Subscriber(1)) /\ UNCHANGED flying
      [] Line.k = "log"           -> Says(Len(log[W]) = Len(Line.s) /\ Holds(1, Line.s)) /\ UNCHANGED flying
      [] Line.k = "refusals"      -> Says(refusals = {Call(Line.s[i]) : i \in 1..Len(Line.s)}) /\ UNCHANGED flying
      [] Line.k = "record"        -> Says(SeesRecord(Line.v, Line.n)) /\ UNCHANGED flying
      [] Line.k = "index"         -> Says(index[W].version = Line.v) /\ UNCHANGED flying
      [] Line.k = "bus"           -> Says(Appeared(Line.s)) /\ UNCHANGED flying

Step ==
    /\ at <= Len(Lines)
    /\ Explained
    /\ at' = at + 1
    /\ run' = run
    /\ ~Telling \/ PrintT(<<"explained", run, at>>)

(* All lines are explained, and what has come of it is as it must be. *)
Accept ==
    /\ at = Len(Lines) + 1
    /\ StateConsistency /\ TransitionValidity /\ ConcurrentSafety /\ DataIntegrity /\ QuarantineHolds /\ PassedOverIsReleased
    /\ WorkflowUniqueness /\ RuleCompliance /\ StatePersistence /\ EventOrdering /\ RequestIdempotency /\ RefusalsKept
    /\ at' = at + 1
    /\ PrintT(<<"accepted", run>>)
    /\ UNCHANGED <<run, flying>>
    /\ UNCHANGED vars

TraceInit == Init /\ run \in 1..Len(Traces) /\ at = 1 /\ flying = {}

TraceSpec == TraceInit /\ [][Step \/ Between \/ Accept]_<<vars, traceVars>>
=============================================================================
