package mapping

// hint says by which names a field is recognised, the best first. A name is the
// end of a path: rule.name fits alert.rule.name and kibana.alert.rule.name; ^name
// fits at the top only. Names are in the form that segments gives.
type hint struct {
	field    string
	names    []string
	notBelow []string // names further up that speak of something else
}

// hints lists what is guessed, from the names that detection tools use.
func hints() []hint {
	return slicesOf(identityHints(), machineHints(), accountHints(), networkHints())
}

func slicesOf(groups ...[]hint) []hint {
	var all []hint
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

func identityHints() []hint {
	return []hint{
		{field: "external_id", names: []string{
			"^uuid", "^guid", "^id", "^uid", "alertid", "incidentid", "findingid", "detectionid", "eventid", "threatid", "compositeid",
			"findinginfo.uid", "finding.uid", "metadata.uid", "alert.number", "alert.id", "alert.uid", "alert.uuid", "incident.id", "issue.id",
			"detail.id", "event.id", "event.uuid", "finding.name", "finding.id", "data.id", "message.id", "result.number",
			"messageid", "rayid", "flowid", "groupkey", "fingerprint", "uuid", "uid", "ruleid", "number", "id",
		}, notBelow: []string{"rule", "actor", "user", "host", "agent", "device", "policy", "account", "cloud", "resource", "resources", "source", "target", "process", "tenant", "customer", "organization", "sender", "repository"}},
		{field: "title", names: []string{
			"alerttitle", "incidenttitle", "^title", "eventdefinitiontitle", "alertname", "incidentname", "threatname", "detectionname", "findingtitle",
			"alert.rule.name", "control.name", "sourcerule.name", "securityadvisory.summary", "findinginfo.title", "finding.title", "finding.category", "rule.description", "rulename",
			"flaggedrules.name", "alert.signature", "threat.name", "rule.name",
			"title", "signaturename", "signature", "shortdescription", "primarydescription", "alert.name", "alerts.name",
			"commonannotations.summary", "annotations.summary", "summary", "headline", "eventname", "policyname", "scenario", "event.info",
			"rule.title", "rulemessage", "^rule", "displayname", "^subject", "incident.description", "alert.description",
			"attacktype", "classification", "^message", "^msg", "reason", "^name", "eventtypename", "classname", "eventtype", "event.action",
			"^event", "^info", "^note", "^action", "operationname", "^operation", "^type", "^category", "^description", "message", "name", "type",
		}, notBelow: []string{"host", "user", "agent", "device", "actor", "process", "resource", "resources", "cloud", "repository", "sender"}},
		{field: "description", names: []string{
			"^description", "alert.description", "finding.description", "details", "desc", "fullmessage", "fulllog", "output", "longdescription",
			"commonannotations.description", "annotations.description", "description", "event.description", "message", "msg", "^summary", "reason", "^note", "^text",
		}, notBelow: []string{"process", "user", "repository"}},
		{field: "rule.id", names: []string{"ruleid", "rule.id", "rule.uuid", "rule.uid", "signatureid", "sid", "detectorid", "policyid", "templateid", "pluginid", "eventdefinitionid"}},
		{field: "rule.name", names: []string{"rulename", "rule.name", "alert.signature", "signature", "sourcerule.name", "detector.name", "^rule", "policyname", "rule.description", "scenario"}},
		{field: "occurred_at", names: []string{
			"occurredat", "eventtime", "detectedat", "eventtimestamp", "^timestamp", "attimestamp", "time", "timedt", "alerttime", "triggered", "triggeredat", "firedat",
			"startsat", "startat", "starttime", "starttimeutc", "created", "createdat", "createdtime", "createdtimeutc", "createddatetime",
			"creationtime", "creationdate", "createdon", "syscreatedon", "createdate", "firstseen", "firsteventtime", "firstactivity", "firstactivitydatetime", "published", "publishedat", "datetime", "eventdate", "eventdatetime", "backendtimestamp",
			"messagetime", "receivedtime", "receivedat", "identifiedat", "detectiontime", "lastseen", "lasteventtime", "updatedat", "lastupdated", "edgestarttimestamp",
			"processstarttime", "date", "ts", "timestamp", "when", "endtime", "modified",
		}, notBelow: []string{"account", "user", "repository", "rule", "author", "stat", "certificate"}},
	}
}

func machineHints() []hint {
	return []hint{
		{field: "host.name", names: []string{
			"hostname", "host.hostname", "host.name", "computername", "agentcomputername", "devicename", "device.hostname", "device.name", "machinename", "endpointname", "endpoint.name",
			"computer", "computerdnsname", "devicednsname", "fqdn", "nodename", "^host", "agent.hostname", "agent.name", "asset.name", "assetname", "entitysnapshot.name",
			"endpointhostname", "servername", "instance", "target.hostname", "clientrequesthost", "resource.name", "^node", "repository.fullname", "resources.uid", "resources.id", "host", "node",
		}, notBelow: []string{"user", "url", "request", "dns", "rule"}},
		{field: "host.id", names: []string{
			"hostid", "host.id", "deviceid", "device.uid", "device.id", "agentid", "agent.id", "machineid", "endpointid", "endpoint.id", "aid", "instanceid", "computerid", "assetid", "sensorid", "agent.uuid",
		}},
		{field: "host.ip", names: []string{
			"hostip", "host.ip", "device.ip", "deviceip", "agentip", "agent.ip", "localip", "endpointip", "endpoint.ip", "machineip", "privateipaddress", "externalip", "ipv4", "ipaddresses", "hostipv4",
		}},
		{field: "host.os", names: []string{
			"host.os.name", "os.name", "osname", "operatingsystem", "platform", "platformname", "osversion", "osplatform", "device.os.name", "^os", "agentosname", "deviceos",
		}},
	}
}

func accountHints() []hint {
	return []hint{
		{field: "user.email", names: []string{
			"useremail", "user.email", "actor.user.email", "actor.user.emailaddr", "user.emailaddr", "actor.email", "email", "emailaddress", "userprincipalname", "upn", "alternateid", "recipientemail", "mailbox",
			"recipient", "toaddresses", "toaddress", "deviceusername", "username",
		}, notBelow: []string{"sender", "from"}},
		{field: "user.name", names: []string{
			"username", "user.name", "useraccount", "accountname", "user.displayname", "actor.user.name", "actor.name", "actor.displayname", "samaccountname", "loginname", "login", "principalname",
			"targetusername", "subjectusername", "dstuser", "srcuser", "deviceusername", "useridentity.username", "userinfo.name", "account.name", "^user", "^actor", "kausername", "ka.user.name", "actor", "user", "owner", "suser", "duser",
		}, notBelow: []string{"container", "image", "repository"}},
		{field: "user.id", names: []string{
			"userid", "user.id", "user.uid", "actor.user.uid", "actor.id", "employeeid", "usersid", "sid", "principalid", "accountid", "useridentity.principalid",
		}, notBelow: []string{"rule", "alert"}},
	}
}

func networkHints() []hint {
	return []hint{
		{field: "source_ip", names: []string{
			"sourceip", "srcip", "source.ip", "srcendpoint.ip", "sourceipaddress", "sourceaddress", "srcaddr", "saddr", "clientip", "client.ipaddress", "client.ip", "remoteip", "remoteipaddress", "remoteaddress",
			"callerip", "calleripaddress", "attackerip", "senderip", "sourceip4", "ipaddressv4", "actor.ipaddress", "logindetails.ipaddress", "context.ipaddress", "ipaddress", "remotehost", "idorigh", "id.origh", "src", "clientaddress", "ip", "accessdevice.ip", "peerip",
		}, notBelow: []string{"host", "agent", "device", "destination", "dst", "target", "privateipaddresses"}},
		{field: "destination_ip", names: []string{
			"destinationip", "dstip", "destip", "destination.ip", "dstendpoint.ip", "destinationipaddress", "destinationaddress", "dstaddr", "daddr", "serverip", "targetip", "idresph", "id.resph", "dst", "dest",
		}},
		{field: "techniques", names: []string{
			"techniques", "mitretechniques", "attacktechniques", "techniqueid", "techniqueids", "technique.id", "technique.uid", "technique", "rule.mitre.id", "mitre.id", "mitreattack", "attackids", "mitre", "threat.technique.id", "attacktechnique",
		}},
		{field: "tags", names: []string{"^tags", "rule.tags", "alert.tags", "labels", "groups", "keywords"}},
	}
}
