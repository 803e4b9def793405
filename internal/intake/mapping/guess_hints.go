package mapping

import "slices"

// hint says by which names a field is recognised, the best first. A name is the
// end of a path: rule.name fits alert.rule.name and kibana.alert.rule.name; ^name
// stands at the top or in a shell around the alert; *name is the end of a last
// name. Names are in the form that segments gives.
type hint struct {
	field    string
	names    []string
	notBelow []string       // names further up that speak of something else
	not      func(any) bool // values that cannot be meant
}

// hints lists what is guessed, from the names that detection tools use.
func hints() []hint {
	return slices.Concat(identityHints(), timeHints(), machineHints(), accountHints(), networkHints())
}

// isAddress tells an address, which is no name of a person or a rule.
func isAddress(value any) bool { return address(value) != "" }

// isTruth tells true and false, which are names of nothing.
func isTruth(value any) bool {
	_, ok := value.(bool)
	return ok || value == "true" || value == "false"
}

func identityHints() []hint {
	return []hint{
		{field: "external_id", names: []string{
			"^uuid", "^guid", "^alertid", "^id", "^uid", "alertid", "incidentid", "findingid", "detectionid", "eventid", "threatid", "offenseid", "signalid", "insightid", "caseid", "compositeid",
			"findinginfo.uid", "finding.uid", "metadata.uid", "alert.number", "alert.uuid", "alert.id", "alert.uid", "incident.id", "issue.id", "^number", "^issuekey",
			"detail.id", "event.uuid", "event.id", "finding.name", "finding.id", "insight.id", "offense.id", "signal.id", "case.id", "detection.id", "data.id", "message.id", "result.number",
			"alertuuid", "eventuuid", "incidentuuid", "alertuid", "alerthash", "detectid", "violationid", "issueid", "problemid", "ticketid", "notificationid", "breachid", "externalid", "correlationid",
			"messageid", "rayid", "flowid", "groupkey", "fingerprint", "dedupkey", "incidentnumber", "casenumber", "ticketnumber", "malopguid", "rrn", "urn", "arn", "oid", "uuid", "uid", "guid",
			"*alertid", "*incidentid", "*findingid", "*detectionid", "*eventid", "*threatid", "*caseid", "requestid", "transactionid", "traceid", "ruleid", "number", "id", "recordid", "sysid", "sourceref", "*uuid", "*guid", "key",
		}, notBelow: []string{"rule", "actor", "user", "host", "agent", "device", "policy", "account", "cloud", "resource", "resources", "source", "target", "process", "tenant", "customer",
			"organization", "org", "sender", "repository", "project", "asset", "computer", "machine", "session", "parent", "evidence", "entity", "file", "creator", "owner", "group", "site"}, not: isTruth},
		{field: "title", names: []string{
			"alerttitle", "incidenttitle", "^title", "eventtitle", "eventdefinitiontitle", "alertname", "incidentname", "threatname", "detectionname", "findingtitle", "issuetitle", "violationname", "modelname", "offensename",
			"alert.rule.name", "control.name", "sourcerule.name", "securityadvisory.summary", "findinginfo.title", "finding.title", "finding.category", "insight.name", "signal.name", "offense.name", "model.then.name", "model.now.name", "model.name", "plugin.name",
			"rule.description", "rulename", "flaggedrules.name", "alert.signature", "threat.name", "rule.name", "alertrule", "alertrulename", "attack", "attackname", "detection", "malwarename", "detectionvname", "dtypevname",
			"title", "signaturename", "signature", "shortdescription", "primarydescription", "alert.name", "alerts.name", "alert.message", "alertmessage",
			"commonannotations.summary", "annotations.summary", "fields.summary", "^summary", "summary", "headline", "eventname", "policyname", "scenario", "event.info", "eventsummary", "issuesummary",
			"rule.title", "rulemessage", "^rule", "^subject", "incident.description", "alert.description",
			"attacktype", "classification", "^message", "^msg", "reason", "^name", "eventtypename", "classname", "eventtype", "event.action",
			"^event", "^info", "^note", "^body", "^action", "operationname", "^operation", "^description", "^category", "^type", "^detectiontype", "*title", "*alertname", "*rulename", "*detectionname", "*summary",
			"*eventname", "*signature", "serviceoutput", "servicedescription", "displayname", "message", "name", "activity", "subject", "description", "type", "object",
		}, notBelow: []string{"host", "user", "agent", "device", "actor", "process", "resource", "resources", "cloud", "repository", "sender", "status", "state", "priority", "owner", "assignee", "assignedto",
			"machine", "machines", "computer", "person", "managedagent", "source", "app", "application", "file", "location", "geo", "project", "account", "site", "group", "org", "observables", "creator", "reporter", "integration", "users"}, not: isTruth},
		{field: "description", names: []string{
			"^description", "alert.description", "finding.description", "details", "desc", "fullmessage", "fulllog", "output", "longdescription",
			"commonannotations.description", "annotations.description", "description", "event.description", "*description", "message", "msg", "^summary", "reason", "^note", "^text", "^body",
		}, notBelow: []string{"process", "user", "repository"}, not: isTruth},
		{field: "rule.id", names: []string{"ruleid", "rule.id", "rule.uuid", "rule.uid", "signatureid", "sid", "detectorid", "policyid", "templateid", "pluginid", "plugin.id", "eventdefinitionid", "deviceeventclassid", "modelid", "*ruleid"}, not: isTruth},
		{field: "rule.name", names: []string{"rulename", "rule.name", "alertrule", "securityrulename", "alert.signature", "signature", "sourcerule.name", "detector.name", "^rule", "policyname", "rule.description", "scenario", "*rulename"}, not: isTruth},
	}
}

func timeHints() []hint {
	return []hint{
		{field: "occurred_at", names: []string{
			"occurredat", "eventtime", "detectedat", "eventtimestamp", "eventcreatedat", dayAndTime, "^timestamp", "attimestamp", "timedt", "time", "alerttime", "triggered", "triggeredat", "firedat", "fireddatetime", "raisedat", "occurred", "occurredon",
			"startsat", "startat", "starttime", "starttimeutc", "created", "createdat", "createdtime", "createdtimeutc", "createddatetime", "timestampms", "timestampiso", "isotimestamp",
			"creationtime", "creationdate", "createdon", "syscreatedon", "openedat", "opened", "openedon", "createdate", "createtime", "firstseen", "firsteventtime", "firstfound", "firstobservedat", "firstactivity", "firstactivitydatetime", "published", "publishedat", "datetime", "eventdate", "eventdatetime", "backendtimestamp",
			"messagetime", "receivedtime", "receivedat", "identifiedat", "detectiontime", "detectiondate", "detectiontimestamp", "timeunixnano", "rt", "devtime", "lastseen", "lasteventtime", "updatedat", "lastupdated", "edgestarttimestamp", "statechangetime",
			"processstarttime", "date", "ts", "timestamp", "when", "reportedat", "*timestamp", "*datetime", "*createdat", "*time", "*date", "lastfound", "endtime", "modified", "published", "validfrom", "*at", "*on",
		}, notBelow: []string{"account", "user", "repository", "rule", "author", "stat", "certificate", "expires", "expiration", "end", "birth", "closed", "resolved", "password", "lastlogin"}},
	}
}

func machineHints() []hint {
	return []hint{
		{field: "host.name", names: []string{
			"hostname", "host.hostname", "host.name", "computername", "agentcomputername", "devicename", "device.hostname", "device.name", "machinename", "endpointname", "endpoint.name",
			"computer", "computerdnsname", "devicednsname", "fqdn", "nodename", "^host", "agent.hostname", "agent.name", "managedagent.name", "computer.name", "machine.name", "machine.displayname", "machines.displayname", "machines.name", "asset.name", "assetname", "asset.hostname", "entitysnapshot.name", "vmname", "workstation", "workstationname", "devname",
			"endpointhostname", "servername", "shost", "src.host", "source.host", "srchost", "sourcehost", "targethost", "dhost", "dvchost", "identhostname", "affectedhost", "configurationitems", "cmdbci", "instance", "target.hostname", "clientrequesthost", "resource.name", "^node",
			"repository.fullname", "resources.uid", "resources.id", "resource.id", "resourcename", "resourceid", "affectedresource", "host", "node", "*hostname", "*computername", "*devicename", "*machinename", "*endpointname", "*dnsname", "*assetname", "^device", "^machine", "^endpoint", "^asset", "^entity", "^server", "^system", "containername", "podname", "hostid",
		}, notBelow: []string{"user", "url", "request", "dns", "rule", "attacker", "remote", "domain", "sender", "query", "registrar"}, not: func(v any) bool { return isTruth(v) || isMail(v) }},
		{field: "host.id", names: []string{
			"hostid", "host.id", "deviceid", "device.uid", "device.id", "agentid", "agent.id", "managedagent.id", "machineid", "endpointid", "endpoint.id", "aid", "instanceid", "computerid", "assetid", "asset.id", "asset.uuid", "sensorid", "agent.uuid",
		}},
		{field: "host.ip", names: []string{
			"hostip", "host.ip", "device.ip", "deviceip", "agentip", "agent.ip", "localip", "endpointip", "endpoint.ip", "machineip", "computerip", "asset.ip", "asset.ipv4", "privateip", "privateipaddress", "internalip", "hostaddress", "externalip", "ipv4", "ipaddresses", "hostipv4",
		}, notBelow: []string{"client", "source", "src", "attacker"}},
		{field: "host.os", names: []string{
			"host.os.name", "os.name", "osname", "operatingsystem", "platform", "platformname", "osversion", "osplatform", "device.os.name", "^os", "agentosname", "deviceos", "*osname",
		}},
	}
}

func accountHints() []hint {
	return []hint{
		{field: "user.email", names: []string{
			"useremail", "useremailaddress", "user.email", "user.emailaddress", "actor.user.email", "actor.user.emailaddr", "user.emailaddr", "usr.email", "usr.id", "actor.email", "targetuser.email", "email", "emailaddress", "userprincipalname", "upn", "alternateid", "recipientemail", "mailbox",
			"recipient", "recipients", "toaddresses", "toaddress", "deviceusername", "username", "^user", "user", "actor", "^login", "principal", "owneremail", "caller", "callerid", "*useremail", "*username", "*upn",
		}, notBelow: []string{"sender", "from", "assignee", "assignedto", "owner"}, not: func(v any) bool { return !isMail(v) }},
		{field: "user.name", names: []string{
			"username", "user.name", "useraccount", "accountname", "user.displayname", "actor.user.name", "actor.name", "actor.displayname", "samaccountname", "loginname", "login", "principalname", "usrname", "usr.name", "person.name", "users.displayname", "users.name", "user.username", "users.username",
			"targetusername", "subjectusername", "targetuser.name", "dstuser", "srcuser", "deviceusername", "useridentity.username", "userinfo.name", "account.name", "^user", "^actor", "kausername", "ka.user.name", "actor", "user", "suser", "duser", "offensesource", "^account", "^principal", "affecteduser",
			"caller", "callerid", "owner", "*username", "*accountname", "*userid", "*user",
		}, notBelow: []string{"container", "image", "repository", "assignee", "assignedto", "creator", "integration", "action"}, not: func(v any) bool { return isAddress(v) || isTruth(v) }},
		{field: "user.id", names: []string{
			"userid", "user.id", "user.uid", "actor.user.uid", "actor.id", "employeeid", "usersid", "sid", "principalid", "accountid", "useridentity.principalid", "usr.id", "targetuser.uuid", "person.id",
		}, notBelow: []string{"rule", "alert"}},
	}
}

func networkHints() []hint {
	return []hint{
		{field: "source_ip", names: []string{
			"sourceip", "srcip", "source.ip", "src.ip", "srcendpoint.ip", "sourceipaddress", "sourceaddress", "srcaddr", "saddr", "clientip", "client.ipaddress", "client.ip", "client.address", "remoteip", "remoteipaddress", "remoteaddress", "addr.remote", "remote.ip", "remote.address", "source.address", "source.ipaddress",
			"callerip", "calleripaddress", "attackerip", "attacker.ip", "attackeraddress", "senderip", "sendingip", "sourceip4", "ipaddressv4", "actor.ipaddress", "actor.ip", "logindetails.ipaddress", "context.ipaddress", "ipaddress", "remotehost", "idorigh", "id.origh", "src", "clientaddress", "clientipaddress", "srcipv4",
			"originip", "requestip", "useripaddress", "userip", "loginip", "ip", "accessdevice.ip", "peerip", "offensesource", "*sourceip", "*srcip", "*clientip", "*remoteip", "*ipaddress", "*sourceaddress", "externalip", "*ip", "*addr",
		}, notBelow: []string{"host", "agent", "device", "destination", "dst", "dest", "target", "privateipaddresses", "dd", "server", "local", "internal", "computer", "machine", "asset", "endpoint", "observables", "attribute"}},
		{field: "destination_ip", names: []string{
			"destinationip", "dstip", "destip", "destination.ip", "dst.ip", "dest.ip", "dstendpoint.ip", "destinationipaddress", "destinationaddress", "dstaddr", "daddr", "serverip", "targetip", "idresph", "id.resph", "dst", "dest", "destination.address", "server.address", "*dstip", "*destinationip", "*destip", "*targetip",
		}},
		{field: "techniques", names: []string{
			"techniques", "mitretechniques", "attacktechniques", "techniqueid", "techniqueids", "technique.id", "technique.uid", "technique", "rule.mitre.id", "mitre.id", "mitreattack", "attackids", "mitre", "threat.technique.id", "attacktechnique", "attckid", "attck",
		}},
		{field: "tags", names: []string{"^tags", "rule.tags", "alert.tags", "labels", "groups", "keywords"}},
	}
}
