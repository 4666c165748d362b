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
(***************************************************************************)
EXTENDS WorkflowManager, TLC

CONSTANTS
    Traces,     \* what was recorded: a sequence of [calls, lines]
    CallsMax,   \* how many calls the longest has; likewise publishers
    PublishersMax,
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
IdOf(e) == IF e = 0 THEN Genesis ELSE Call(e)

TraceCalls == {Call(i) : i \in 1..CallsMax}
TracePublishers == {Publisher(i) : i \in 1..PublishersMax}
TraceSubscribers == {Subscriber(1)}
NoPast == [w \in Workflows |-> << >>]

Info(c) == Traces[run].calls[c[2]]
Lines   == Traces[run].lines
Line    == Lines[at]

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
    /\ Decides(c, IF create THEN CreationOutcomes(q, c) ELSE TransitionOutcomes(q, c))
    /\ work'[c].at = Info(c).then

-----------------------------------------------------------------------------
(* What happens between two lines. *)

(* A read sees the log as it is at some moment between its beginning and its end. *)
Look(c) ==
    /\ <<c, "read">> \in flying
    /\ Len(log[W]) = Info(c).n
    /\ IdAt(W, Info(c).n) = IdOf(Info(c).e)
    /\ IF Info(c).kind = "look" THEN UNCHANGED vars ELSE Decide(c)
    /\ flying' = flying \ {<<c, "read">>}

Commit(c) ==
    /\ <<c, "append">> \in flying
    /\ AppendUnheard(c)
    /\ flying' = flying \ {<<c, "append">>}

(* The entry of a call in flight. That the bus has the event already would change nothing, unless it is said next. *)
Take(p) ==
    /\ <<p, "put">> \in flying
    /\ \/ Event(W, carry[p][W].next) \notin bus
       \/ Line.k = "put-end" /\ Publisher(Line.x) = p /\ Line.r = "ok"
    /\ EntryAccepted(p, W)
    /\ UNCHANGED flying

Advance(p) ==
    /\ <<p, "advance">> \in flying
    /\ index[W].version < carry[p][W].next - 1
    /\ IndexAdvanced(p, W)
    /\ flying' = flying \ {<<p, "advance">>}

Between ==
    /\ at <= Len(Lines)
    /\ UNCHANGED <<run, at>>
    /\ \/ \E f \in flying : Look(f[1]) \/ Commit(f[1]) \/ Take(f[1]) \/ Advance(f[1])
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
            /\ put.version.prev = IdOf(Line.e))

AppendEnds(c) ==
    CASE Line.r = "ok" ->
            /\ IF <<c, "append">> \in flying THEN AppendCommitted(c) ELSE AppendRefused(c)
            /\ work'[c].at = "accepted" /\ work'[c].put.version.id = c
      [] Line.r = "taken" ->
            /\ <<c, "append">> \in flying
            /\ AppendRefused(c)
            /\ log[W][work[c].put.n].id = IdOf(Line.e) /\ IdOf(Line.e) # c
      [] OTHER -> AppendAbandoned(c)

RefusalEnds(c) ==
    IF Line.r = "ok" THEN RecordRefusal(c)
    ELSE RefusalUnheard(c) /\ (c \in refusals' <=> Line.r = "kept unheard")

(* What the caller is told is what became of its call. *)
Tells(c) ==
    CASE Line.r = "accepted" -> work[c].at = "accepted" /\ work[c].put.n = Line.v
      [] Line.r = "standing" -> <<c, "read">> \notin flying /\ Info(c).n = Line.v
      [] Line.r = "conflict" -> work[c].at = "conflict" /\ Line.v <= Len(log[W])
      [] Line.r = "not-found" -> IF Info(c).kind = "look" THEN Info(c).n = 0 ELSE work[c].at = "not-found"
      [] Line.r = "storage-unavailable" -> work[c].at \in {"unavailable", "unknown"}
      [] Line.r = "rules-unavailable" -> work[c].at = "unavailable"
      [] OTHER -> work[c].at = Line.r

Rings(p) ==
    IF Line.e >= Line.v
    THEN Says(Line.e <= index[W].version)
    ELSE PublishEvents(p, W) /\ carry'[p][W].told = Line.e /\ carry'[p][W].last = Line.v

PutBegins(p) ==
    /\ W \in DOMAIN carry[p]
    /\ carry[p][W].next = Line.v /\ carry[p][W].entry = "open"
    /\ Line.v <= Len(log[W]) /\ log[W][Line.v].id = IdOf(Line.e)
    /\ UNCHANGED vars

(* A refused entry may be on the bus: the SDK tries a call again whose answer it did not get. *)
PutEnds(p) == IF Line.r = "ok" THEN carry[p][W].entry = "accepted" /\ PutAnswered(p) ELSE PutUnheard(p)

AdvanceBegins(p) ==
    W \in DOMAIN carry[p] /\ carry[p][W].next - 1 = Line.v /\ carry[p][W].told < Line.v /\ UNCHANGED vars

AdvanceEnds(p) == IF Line.r = "ok" /\ <<p, "advance">> \in flying THEN IndexAdvanced(p, W) ELSE UNCHANGED vars

Delivers(s) ==
    LET event == [w |-> W, v |-> Line.v, id |-> IdOf(Line.e)] IN
    /\ event \in bus
    /\ IF event.v > Len(applied[s][W]) /\ event \notin held[s]
       THEN DeliverEvent(s, event) /\ Len(applied'[s][W]) = Line.n
       ELSE Says(Len(applied[s][W]) = Line.n)

Ids(s) == [i \in 1..Len(s) |-> IdOf(s[i])]

Explained ==
    LET x == Line.x IN
    CASE Line.k = "create"        -> Decide(Call(x)) /\ UNCHANGED flying
      [] Line.k = "read-begin"    -> Says(TRUE) /\ Begin(Call(x), "read")
      [] Line.k = "read-end"      -> Says(<<Call(x), "read">> \notin flying) /\ UNCHANGED flying
      [] Line.k = "append-begin"  -> AppendBegins(Call(x)) /\ Begin(Call(x), "append")
      [] Line.k = "append-end"    -> AppendEnds(Call(x)) /\ End(Call(x), "append")
      [] Line.k = "refusal-end"   -> RefusalEnds(Call(x)) /\ UNCHANGED flying
      [] Line.k = "told"          -> Says(Tells(Call(x))) /\ UNCHANGED flying
      [] Line.k = "versions"      -> Says(\A i \in 1..Len(Line.s) : Line.v + i - 1 <= Len(log[W])
                                            /\ log[W][Line.v + i - 1].id = IdOf(Line.s[i])) /\ UNCHANGED flying
      [] Line.k = "ring"          -> Rings(Publisher(x)) /\ UNCHANGED flying
      [] Line.k = "put-begin"     -> PutBegins(Publisher(x)) /\ Begin(Publisher(x), "put")
      [] Line.k = "put-end"       -> PutEnds(Publisher(x)) /\ End(Publisher(x), "put")
      [] Line.k = "advance-begin" -> AdvanceBegins(Publisher(x)) /\ Begin(Publisher(x), "advance")
      [] Line.k = "advance-end"   -> AdvanceEnds(Publisher(x))
                                     /\ (IF Line.r = "ok" THEN End(Publisher(x), "advance") ELSE UNCHANGED flying)
      [] Line.k = "answer"        -> carry[Publisher(x)][W].entry = "end" /\ AnswerBatch(Publisher(x)) /\ UNCHANGED flying
      \* What is put again was published: nothing appears first by a replay.
      [] Line.k = "replayed"      -> Says(Line.v <= index[W].version
                                            /\ [w |-> W, v |-> Line.v, id |-> IdOf(Line.e)] \in bus) /\ UNCHANGED flying
      [] Line.k = "deliver"       -> Delivers(Subscriber(1)) /\ UNCHANGED flying
      [] Line.k = "log"           -> Says([i \in 1..Len(log[W]) |-> log[W][i].id] = Ids(Line.s)) /\ UNCHANGED flying
      [] Line.k = "refusals"      -> Says(refusals = {Call(Line.s[i]) : i \in 1..Len(Line.s)}) /\ UNCHANGED flying
      [] Line.k = "index"         -> Says(index[W].version = Line.v) /\ UNCHANGED flying
      [] Line.k = "bus"           -> Says(Line.s = [i \in 1..Len(Line.s) |-> i]
                                            /\ {event.v : event \in bus} = 1..Len(Line.s)) /\ UNCHANGED flying

Step ==
    /\ at <= Len(Lines)
    /\ Explained
    /\ at' = at + 1
    /\ run' = run
    /\ ~Telling \/ PrintT(<<"explained", run, at>>)

(* All lines are explained, and what has come of it is as it must be. *)
Accept ==
    /\ at = Len(Lines) + 1
    /\ StateConsistency /\ TransitionValidity /\ ConcurrentSafety /\ DataIntegrity /\ QuarantineHolds /\ WorkflowUniqueness
    /\ RuleCompliance /\ StatePersistence /\ EventOrdering /\ RequestIdempotency /\ RefusalsKept
    /\ at' = at + 1
    /\ PrintT(<<"accepted", run>>)
    /\ UNCHANGED <<run, flying>>
    /\ UNCHANGED vars

TraceInit == Init /\ run \in 1..Len(Traces) /\ at = 1 /\ flying = {}

TraceSpec == TraceInit /\ [][Step \/ Between \/ Accept]_<<vars, traceVars>>
=============================================================================
